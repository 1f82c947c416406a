// SPDX-License-Identifier: Apache-2.0
// The five kinds of traffic. What each one means for users is documented in the Python package.
#pragma once

#include <cstdint>

namespace loadgen {

enum class Scenario : std::uint8_t {
  SingleStream,  // one sample at a time, the next when the last one is answered
  MultiStream,   // as SingleStream, with several samples a query
  Server,        // one sample a query, at planned instants
  Offline,       // everything in one query
  Concurrent,    // one sample a query, a fixed number of them in flight
};

}  // namespace loadgen
