// SPDX-License-Identifier: Apache-2.0
// How a thread may wait for a deadline, and how long before it a sleep should end. The waiting itself is in waiter.hpp.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

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
/// in a hundred, and so set the p99. Errors above kOutlier say something about the machine's
/// stalls and are left out: a margin that follows them climbs to its cap and spins for nothing (mean plus deviations
/// does just that). When others want the processors too, spinning is what the scheduler punishes, by milliseconds: then
/// the margin is next to nothing. That is seen by how long the thread was ready and had to wait, which neither
/// preemptions nor wake-up errors tell: a thread that has had its share is not preempted, it is woken late.
class SleepMargin {
 public:
  static constexpr Duration kSmallest = std::chrono::microseconds{20};
  static constexpr Duration kLargest = std::chrono::microseconds{150};
  static constexpr Duration kOutlier = std::chrono::microseconds{200};

  /// Takes the error of one sleep: how long after its target it ended.
  void add(Duration error) noexcept;
  /// Takes how long the thread has waited for a processor so far; nothing where nobody knows.
  void add_queue_delay(std::optional<Duration> total, Instant now) noexcept;

  [[nodiscard]] Duration margin() const noexcept { return margin_; }
  /// The processors are wanted by others: spin as little as possible.
  [[nodiscard]] bool crowded() const noexcept { return crowded_; }
  /// Time to tell add_queue_delay() again.
  [[nodiscard]] bool wants_queue_delay(Instant now) const noexcept { return now - looked_at_ >= kQueuePeriod; }

 private:
  static constexpr std::size_t kWindow = 256;          // errors that the largest is taken from
  static constexpr std::size_t kRecomputePeriod = 32;  // sleeps between two looks at them
  static constexpr Duration kQueuePeriod = std::chrono::milliseconds{100};
  static constexpr Duration kCrowdedMargin = std::chrono::microseconds{10};
  // Of the time. With a core to spare it is 0 to 2 %; with none, 4 % at 1,000 queries/s, which costs the p99 alone, and
  // 35 % at 10,000. Without spinning it falls, to 10 % there, so that less is asked for to go back.
  static constexpr double kCrowdedAbove = 0.05;
  static constexpr double kQuietBelow = 0.01;

  void recompute() noexcept;

  std::array<std::int32_t, kWindow> errors_{};
  std::size_t n_errors_ = 0;
  std::size_t next_ = 0;
  std::size_t sleeps_ = 0;
  std::optional<Duration> queue_delay_;
  Instant looked_at_{};
  bool crowded_ = false;
  Duration margin_ = kLargest;
};

}  // namespace loadgen
