// SPDX-License-Identifier: Apache-2.0
#include "plan/varying_rate.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "random/gaps.hpp"

namespace loadgen {
namespace {

constexpr double kNeverEnds = std::numeric_limits<double>::infinity();

double seconds(Duration duration) { return static_cast<double>(duration.count()) / 1e9; }

}  // namespace

VaryingRate::VaryingRate(const std::vector<RatePiece>& pieces, double target_qps) {
  Duration begin{0};
  for (const RatePiece& piece : pieces) {
    const double lasts = seconds(piece.lasts);
    const double from = piece.from * target_qps;
    const double to = piece.to * target_qps;
    pieces_.push_back({begin, from, (to - from) / lasts, 0.5 * (from + to) * lasts});
    begin = later(begin, piece.lasts);
  }
  pieces_.push_back({begin, pieces.back().to * target_qps, 0.0, kNeverEnds});
}

Duration VaryingRate::advance(double expected) noexcept {
  expected_ += expected;
  // Also past a piece that ends just here: nothing arrives where there is no rate.
  while (expected_ >= pieces_[present_].expected) expected_ -= pieces_[present_++].expected;
  const Duration instant = later(pieces_[present_].begin, to_duration(pieces_[present_].seconds_until(expected_)));
  return present_ + 1 < pieces_.size() ? std::min(instant, pieces_[present_ + 1].begin) : instant;
}

double VaryingRate::Piece::seconds_until(double arrivals) const noexcept {
  if (arrivals <= 0.0) return 0.0;
  // At the end of a rate that falls to 0, rounding may make the square negative.
  const double square = std::max(rate * rate + 2.0 * slope * arrivals, 0.0);
  return 2.0 * arrivals / (rate + std::sqrt(square));
}

}  // namespace loadgen
