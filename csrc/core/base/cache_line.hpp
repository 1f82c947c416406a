// SPDX-License-Identifier: Apache-2.0
// Size of the unit that processors share memory in.
#pragma once

#include <cstddef>

namespace loadgen {

// 64 bytes on x86-64 and most ARM cores; std::hardware_destructive_interference_size changes with compiler flags.
inline constexpr std::size_t kCacheLine = 64;

}  // namespace loadgen
