// SPDX-License-Identifier: Apache-2.0
#include "engine/crowding.hpp"

#include <algorithm>

namespace loadgen {

namespace {

constexpr Duration kLookPeriod = std::chrono::milliseconds{10};
constexpr Duration kWindow = std::chrono::milliseconds{100};
// In a window. With a core to spare a thread waits for 0 to 2 ms of it; with none, when it spins before each deadline,
// for 4 ms at 1,000 queries/s, which costs the p99 alone, and for 35 ms at 10,000.
constexpr Duration kCrowdedAbove = std::chrono::milliseconds{5};
// Going to sleep and waking run on the thread's account too, outside of what it sees of itself.
constexpr Duration kSwitching = std::chrono::microseconds{5};

}  // namespace

void Crowding::look(std::optional<Duration> waited, Instant now) noexcept {
  next_look_ = now + kLookPeriod;
  if (crowded_) {
    crowded_ = false;
    tried_at_ = now;
    open_window(waited, now);
  } else if (waited && window_waited_ && *waited - *window_waited_ > kCrowdedAbove) {
    crowded_ = true;
    const bool again = now - tried_at_ < hold_;
    hold_ = again ? std::min(2 * hold_, kLongestHold) : kShortestHold;
    next_look_ = now + hold_;
  } else if (now - window_start_ >= kWindow) {
    open_window(waited, now);
  }
}

void Crowding::open_window(std::optional<Duration> waited, Instant now) noexcept {
  window_waited_ = waited;
  window_start_ = now;
}

Duration Crowding::rest(Duration cpu_time, Instant now) noexcept {
  const Duration ran = cpu_time - cpu_time_;
  const Duration others = (now - rested_at_) - ran;
  ahead_ = std::min(std::max(Duration{0}, ahead_ - others) + ran, kLongestRest);
  cpu_time_ = cpu_time;
  rested_at_ = now;
  return ahead_ + ahead_ / 5 + kSwitching;
}

}  // namespace loadgen
