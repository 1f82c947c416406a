// SPDX-License-Identifier: Apache-2.0
#include "engine/sleep_margin.hpp"

#include <algorithm>

namespace loadgen {

void SleepMargin::add(Duration error) noexcept {
  ++sleeps_;
  if (error <= kOutlier) {
    errors_[next_] = static_cast<std::int32_t>(std::max<std::int64_t>(error.count(), 0));
    next_ = (next_ + 1) % kWindow;
    n_errors_ = std::min(n_errors_ + 1, kWindow);
  }
  if (sleeps_ % kRecomputePeriod == 0) recompute();
}

void SleepMargin::add_queue_delay(std::optional<Duration> total, Instant now) noexcept {
  if (total && queue_delay_ && now > looked_at_) {
    const std::chrono::duration<double> waited = *total - *queue_delay_;
    const double share = waited / (now - looked_at_);
    crowded_ = share > (crowded_ ? kQuietBelow : kCrowdedAbove);
  }
  queue_delay_ = total;
  looked_at_ = now;
  recompute();
}

void SleepMargin::recompute() noexcept {
  if (crowded_) {
    margin_ = kCrowdedMargin;
    return;
  }
  if (n_errors_ < kRecomputePeriod / 2) return;
  margin_ = std::clamp(Duration{*std::max_element(errors_.begin(), errors_.begin() + n_errors_)}, kSmallest, kLargest);
}

}  // namespace loadgen
