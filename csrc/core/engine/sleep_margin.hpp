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
/// The margin is the largest of the recent wake-up errors. Errors above kOutlier say something about the machine's
/// stalls and are left out: a margin that follows them climbs to its cap and spins for nothing (mean plus deviations
/// does just that). When the thread is preempted often, spinning is what the scheduler punishes: then a lower
/// quantile is taken.
class SleepMargin {
 public:
  static constexpr Duration kSmallest = std::chrono::microseconds{20};
  static constexpr Duration kLargest = std::chrono::microseconds{150};
  static constexpr Duration kOutlier = std::chrono::microseconds{200};

  /// Takes the error of one sleep: how long after its target it ended.
  void add(Duration error) noexcept;
  /// Takes the thread's count of involuntary switches so far.
  void add_switches(std::int64_t total) noexcept;

  [[nodiscard]] Duration margin() const noexcept { return margin_; }
  /// The processors are wanted by others: spin as little as possible.
  [[nodiscard]] bool crowded() const noexcept { return crowded_; }
  /// Time to tell add_switches() again.
  [[nodiscard]] bool wants_switches() const noexcept { return sleeps_ % kSwitchPeriod == 0; }

 private:
  static constexpr std::size_t kWindow = 256;          // errors that the quantile is taken from
  static constexpr std::size_t kRecomputePeriod = 32;  // sleeps between two looks at the quantile
  static constexpr std::size_t kSwitchPeriod = 256;    // sleeps between two looks at the switches
  // The largest: a margin at the 99th percentile would be too short for one sleep in a hundred, and so set the p99.
  static constexpr double kQuantile = 1.0;
  static constexpr double kCrowdedQuantile = 0.75;
  // More than one preemption in about 25 sleeps: a machine with a core to spare shows next to none.
  static constexpr std::int64_t kCrowdedSwitches = 10;

  void recompute() noexcept;

  std::array<std::int32_t, kWindow> errors_{};
  std::size_t n_errors_ = 0;
  std::size_t next_ = 0;
  std::size_t sleeps_ = 0;
  std::int64_t switches_ = -1;
  bool crowded_ = false;
  Duration margin_ = kLargest;
};

}  // namespace loadgen
