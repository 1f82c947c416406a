// SPDX-License-Identifier: Apache-2.0
// A log-linear histogram of durations: constant memory, bounded relative error.
//
// Not for: figures that must be exact (order_statistics.hpp).
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include "base/time.hpp"

namespace loadgen {

/// Counts durations in 2^kStepBits steps an octave, so that a percentile is at most 1/2^kStepBits above the truth.
///
/// Thread safety: one writer; read it when the writer is done.
class DurationHistogram {
 public:
  static constexpr unsigned kStepBits = 7;

  DurationHistogram() : cells_((64 - kStepBits + 1) << kStepBits) {}

  /// A negative duration counts as zero.
  void add(Duration duration) noexcept {
    const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0));
    ++cells_[bucket(value)];
    ++count_;
    max_ = std::max(max_, value);
  }

  /// Counts what the other has counted as well.
  void add(const DurationHistogram& other) noexcept;

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  [[nodiscard]] Duration max() const noexcept { return Duration{static_cast<std::int64_t>(max_)}; }

  /// Upper edge of the bucket that holds element trunc(count * fraction) of the sorted values; 0 when empty.
  [[nodiscard]] Duration percentile(double fraction) const noexcept;

 private:
  // Values below 2^kStepBits have a cell each; above, the leading kStepBits + 1 bits name the cell.
  static std::size_t bucket(std::uint64_t value) noexcept {
    const unsigned width = static_cast<unsigned>(std::bit_width(value));
    if (width <= kStepBits) return static_cast<std::size_t>(value);
    const unsigned shift = width - kStepBits - 1;
    return (static_cast<std::size_t>(shift) << kStepBits) + static_cast<std::size_t>(value >> shift);
  }
  static std::uint64_t upper_edge(std::size_t bucket) noexcept;

  std::vector<std::uint64_t> cells_;
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace loadgen
