// SPDX-License-Identifier: Apache-2.0
// A rate that changes with time: pieces in which it goes evenly from one value to another.
#pragma once

#include <cstddef>
#include <vector>

#include "base/time.hpp"

namespace loadgen {

/// A stretch of time in which the rate goes evenly from one factor of the target rate to another.
struct RatePiece {
  double from = 1.0;
  double to = 1.0;
  Duration lasts{0};
};

/// The inverse of an integrated rate, walked through from its beginning.
///
/// In a piece that starts with rate r and changes by s a second, m arrivals are expected within t =
/// 2 m / (r + sqrt(r^2 + 2 s m)), which loses no digits where s is small or 0. What is expected
/// counts from the beginning of the piece, so no rounding accumulates from piece to piece.
class VaryingRate {
 public:
  /// No rate: only to be assigned to.
  VaryingRate() = default;

  /// One piece behind the other; the last rate goes on without an end. REQUIRES: at least one piece,
  /// a length of each, no negative rate, and a last rate above 0.
  VaryingRate(const std::vector<RatePiece>& pieces, double target_qps);

  /// When `expected` more arrivals are expected than at the instant before; where that is a whole
  /// stretch without a rate, its end. At most kEndOfTime. REQUIRES: `expected` is not negative.
  [[nodiscard]] Duration advance(double expected) noexcept;

 private:
  struct Piece {
    Duration begin;
    double rate;      // at its beginning
    double slope;     // of the rate, a second
    double expected;  // arrivals in all of it

    [[nodiscard]] double seconds_until(double arrivals) const noexcept;
  };

  std::vector<Piece> pieces_;
  std::size_t present_ = 0;
  double expected_ = 0.0;  // since the beginning of the present piece
};

}  // namespace loadgen
