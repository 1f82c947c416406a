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

void SleepMargin::recompute() noexcept {
  if (n_errors_ < kRecomputePeriod / 2) return;
  margin_ = std::clamp(Duration{*std::max_element(errors_.begin(), errors_.begin() + n_errors_)}, kSmallest, kLargest);
}

}  // namespace loadgen
