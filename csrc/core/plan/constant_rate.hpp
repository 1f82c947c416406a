// SPDX-License-Identifier: Apache-2.0
// Arrivals at a constant rate without drift.
#pragma once

#include <cstdint>

#include "base/time.hpp"

namespace loadgen {

/// Steps through due_k = floor(k * 1e9 / qps) ns for k = 0, 1, 2, ..., exactly.
///
/// A double is a fraction of integers, so 1e9 / qps is one too: whole + part / denominator. The
/// parts are summed as integers (Bresenham's line), hence no rounding accumulates however long the
/// plan is.
class ConstantRate {
 public:
  /// REQUIRES: kLowestTargetQps <= target_qps <= kHighestTargetQps.
  explicit ConstantRate(double target_qps) noexcept;

  /// From due_k to due_k+1.
  [[nodiscard]] Duration gap() noexcept {
    part_sum_ += part_;
    if (part_sum_ < denominator_) return Duration{whole_};
    part_sum_ -= denominator_;
    return Duration{whole_ + 1};
  }

 private:
  std::int64_t whole_;
  std::uint64_t part_;  // below denominator_
  std::uint64_t denominator_;
  std::uint64_t part_sum_ = 0;
};

}  // namespace loadgen
