// SPDX-License-Identifier: Apache-2.0
// How a thread may wait for a deadline, and how long before it a sleep should end. The waiting itself is in waiter.hpp.
#pragma once

#include <array>
#include <cstdint>

#include "base/time.hpp"

namespace loadgen {

enum class Pacing : std::uint8_t {
  Auto,   // sleep to a margin that follows the wake-up errors, then spin
  Spin,   // never sleep
  Sleep,  // never spin
};

/// How long before a deadline a sleep should end.
///
/// The margin is the largest of the recent wake-up errors: at their 99th percentile it would be too short for one sleep
/// in a hundred, and so set the p99. Errors above kOutlier say something about the machine's stalls and are left out: a
/// margin that follows them climbs to its cap and spins for nothing (mean plus deviations does just that).
class SleepMargin {
 public:
  static constexpr Duration kSmallest = std::chrono::microseconds{20};
  static constexpr Duration kLargest = std::chrono::microseconds{150};
  static constexpr Duration kOutlier = std::chrono::microseconds{200};

  /// Takes the error of one sleep: how long after its target it ended.
  void add(Duration error) noexcept;

  [[nodiscard]] Duration margin() const noexcept { return margin_; }

 private:
  static constexpr std::size_t kWindow = 256;          // errors that the largest is taken from
  static constexpr std::size_t kRecomputePeriod = 32;  // sleeps between two looks at them

  void recompute() noexcept;

  std::array<std::int32_t, kWindow> errors_{};
  std::size_t n_errors_ = 0;
  std::size_t next_ = 0;
  std::size_t sleeps_ = 0;
  Duration margin_ = kLargest;
};

}  // namespace loadgen
