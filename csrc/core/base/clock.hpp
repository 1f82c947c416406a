// SPDX-License-Identifier: Apache-2.0
// Time as the engine sees it: the monotonic clock of the system, or a virtual one that a simulation moves.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/time.hpp"
#include "base/virtual_clock.hpp"

namespace loadgen {

/// The clock of one run. Real unless a virtual clock is given.
///
/// Thread safety: now() on any thread when real; a virtual clock belongs to the issuing thread.
/// Cost: one clock_gettime (about 20 ns) and one predictable branch.
class Clock {
 public:
  Clock() = default;
  /// `virtual_clock` must outlive the Clock; nullptr means the real one.
  explicit Clock(VirtualClock* virtual_clock) noexcept : virtual_{virtual_clock} {}

  [[nodiscard]] Instant now() const noexcept {
    return virtual_ == nullptr ? std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now())
                               : virtual_->now();
  }

  [[nodiscard]] VirtualClock* virtual_clock() const noexcept { return virtual_; }

 private:
  VirtualClock* virtual_ = nullptr;
};

/// Stored form of an instant: nanoseconds of the monotonic clock. Never 0 on a running system.
[[nodiscard]] constexpr std::int64_t to_stamp(Instant instant) noexcept { return instant.time_since_epoch().count(); }
[[nodiscard]] constexpr Instant from_stamp(std::int64_t stamp) noexcept { return Instant{Duration{stamp}}; }

}  // namespace loadgen
