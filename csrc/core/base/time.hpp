// SPDX-License-Identifier: Apache-2.0
// The two time types of the core. Instants are absolute on the monotonic clock.
#pragma once

#include <chrono>

namespace loadgen {

using Duration = std::chrono::nanoseconds;
using Instant = std::chrono::time_point<std::chrono::steady_clock, Duration>;

/// So long at most does whoever waits not look at whether it is to go on.
inline constexpr Duration kPollPeriod = std::chrono::milliseconds{50};

}  // namespace loadgen
