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

void SleepMargin::add_switches(std::int64_t total) noexcept {
  if (switches_ >= 0) crowded_ = total - switches_ > kCrowdedSwitches;
  switches_ = total;
}

void SleepMargin::recompute() noexcept {
  if (n_errors_ < kRecomputePeriod / 2) return;
  std::array<std::int32_t, kWindow> sorted = errors_;
  const double quantile = crowded_ ? kCrowdedQuantile : kQuantile;
  const auto rank = static_cast<std::ptrdiff_t>(static_cast<double>(n_errors_ - 1) * quantile);
  std::nth_element(sorted.begin(), sorted.begin() + rank, sorted.begin() + static_cast<std::ptrdiff_t>(n_errors_));
  margin_ = std::clamp(Duration{sorted[static_cast<std::size_t>(rank)]}, kSmallest, kLargest);
}

}  // namespace loadgen
