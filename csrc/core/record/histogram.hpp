// SPDX-License-Identifier: Apache-2.0
// Log-linear histograms of durations: constant memory, bounded relative error.
//
// Not for: figures that must be exact (order_statistics.hpp).
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <numeric>
#include <vector>

#include "base/time.hpp"

namespace loadgen {

/// Counts durations in 2^step_bits steps an octave: the values of a bucket differ by at most 1/2^step_bits.
///
/// Thread safety: one writer; read it when the writer is done.
template <unsigned step_bits>
class Histogram {
 public:
  static constexpr std::size_t kBuckets = std::size_t{64 - step_bits + 1} << step_bits;

  Histogram() : cells_(kBuckets) {}

  /// A negative duration counts as zero.
  void add(Duration duration, std::uint64_t times = 1) noexcept {
    const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0));
    cells_[bucket(value)] += times;
    max_ = std::max(max_, value);
  }
  /// Counts what the other has counted as well.
  void add(const Histogram& other) noexcept {
    for (std::size_t bucket = 0; bucket < cells_.size(); ++bucket) cells_[bucket] += other.cells_[bucket];
    max_ = std::max(max_, other.max_);
  }

  [[nodiscard]] std::uint64_t count() const noexcept {
    return std::accumulate(cells_.begin(), cells_.end(), std::uint64_t{0});
  }
  [[nodiscard]] Duration max() const noexcept { return Duration{static_cast<std::int64_t>(max_)}; }

  /// Upper edge of the bucket that holds element trunc(count * fraction) of the sorted values; 0 when empty.
  [[nodiscard]] Duration percentile(double fraction) const noexcept {
    const std::uint64_t n = count();
    if (n == 0) return Duration{0};
    const auto rank = std::min(static_cast<std::uint64_t>(static_cast<double>(n) * fraction), n - 1);
    std::uint64_t below = 0;
    for (std::size_t bucket = 0; bucket < cells_.size(); ++bucket) {
      below += cells_[bucket];
      if (below > rank) return Duration{static_cast<std::int64_t>(std::min(upper_edge(bucket), max_))};
    }
    return max();
  }

  /// Calls `visit(smallest, largest, count)` for each bucket that is not empty, in ascending order.
  template <typename Visit>
  void for_each(Visit visit) const {
    for (std::size_t bucket = 0; bucket < cells_.size(); ++bucket)
      if (cells_[bucket] > 0) visit(lower_edge(bucket), upper_edge(bucket), cells_[bucket]);
  }

  // Values below 2^step_bits have a cell each; above, the leading step_bits + 1 bits name the cell.
  [[nodiscard]] static std::size_t bucket(std::uint64_t value) noexcept {
    const unsigned width = static_cast<unsigned>(std::bit_width(value));
    if (width <= step_bits) return static_cast<std::size_t>(value);
    const unsigned shift = width - step_bits - 1;
    return (static_cast<std::size_t>(shift) << step_bits) + static_cast<std::size_t>(value >> shift);
  }
  [[nodiscard]] static std::uint64_t lower_edge(std::size_t bucket) noexcept {
    return bucket == 0 ? 0 : upper_edge(bucket - 1) + 1;
  }
  [[nodiscard]] static std::uint64_t upper_edge(std::size_t bucket) noexcept {
    if (bucket < (std::size_t{1} << (step_bits + 1))) return bucket;
    const std::size_t shift = (bucket >> step_bits) - 1;
    const std::uint64_t lower = static_cast<std::uint64_t>(bucket - (shift << step_bits)) << shift;
    return lower + ((std::uint64_t{1} << shift) - 1);
  }

 private:
  std::vector<std::uint64_t> cells_;
  std::uint64_t max_ = 0;
};

/// Within 0.8 %, 58 KiB: what the generator says of itself.
using DurationHistogram = Histogram<7>;
/// Within 0.05 %, 864 KiB: figures of samples that are not kept.
using FineHistogram = Histogram<11>;

}  // namespace loadgen
