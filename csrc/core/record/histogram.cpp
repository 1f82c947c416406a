// SPDX-License-Identifier: Apache-2.0
#include "record/histogram.hpp"

namespace loadgen {

std::uint64_t DurationHistogram::upper_edge(std::size_t bucket) noexcept {
  if (bucket < (std::size_t{1} << (kStepBits + 1))) return bucket;
  const std::size_t shift = (bucket >> kStepBits) - 1;
  const std::uint64_t lower = static_cast<std::uint64_t>(bucket - (shift << kStepBits)) << shift;
  return lower + ((std::uint64_t{1} << shift) - 1);
}

void DurationHistogram::add(const DurationHistogram& other) noexcept {
  for (std::size_t bucket = 0; bucket < cells_.size(); ++bucket) cells_[bucket] += other.cells_[bucket];
  count_ += other.count_;
  max_ = std::max(max_, other.max_);
}

Duration DurationHistogram::percentile(double fraction) const noexcept {
  if (count_ == 0) return Duration{0};
  const auto rank = std::min(static_cast<std::uint64_t>(static_cast<double>(count_) * fraction), count_ - 1);
  std::uint64_t below = 0;
  for (std::size_t bucket = 0; bucket < cells_.size(); ++bucket) {
    below += cells_[bucket];
    if (below > rank) return Duration{static_cast<std::int64_t>(std::min(upper_edge(bucket), max_))};
  }
  return max();
}

}  // namespace loadgen
