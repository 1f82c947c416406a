// SPDX-License-Identifier: Apache-2.0
#include "plan/arrivals.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/error.hpp"

namespace loadgen {
namespace {

// Comparisons with NaN are false, so it is refused too.
bool valid_rate(double qps) { return qps >= kLowestTargetQps && qps <= kHighestTargetQps; }
bool valid_burstiness(double shape) { return shape > 0.0 && std::isfinite(shape); }

bool valid_timestamps(const std::vector<std::int64_t>& timestamps) {
  return !timestamps.empty() && timestamps.front() >= 0 && timestamps.back() <= kEndOfTime.count() &&
         std::ranges::is_sorted(timestamps);
}

bool valid_rates(const std::vector<RatePiece>& pieces, double qps) {
  const auto valid = [qps](const RatePiece& piece) {
    return piece.from >= 0.0 && piece.to >= 0.0 && piece.from * qps <= kHighestTargetQps &&
           piece.to * qps <= kHighestTargetQps && piece.lasts > Duration::zero() && piece.lasts <= kEndOfTime;
  };
  return !pieces.empty() && std::ranges::all_of(pieces, valid) && valid_rate(pieces.back().to * qps);
}

double shape_of(const ArrivalSettings& settings) {
  if (settings.kind != ArrivalKind::Gamma) return 1.0;
  if (!valid_burstiness(settings.burstiness)) throw Error{ErrorCode::InvalidPlan};
  return settings.burstiness;
}

double rate_of(const ArrivalSettings& settings) {
  if (settings.kind == ArrivalKind::Replay) return 1.0;
  if (!valid_rate(settings.target_qps)) throw Error{ErrorCode::InvalidPlan};
  return settings.target_qps;
}

}  // namespace

Arrivals::Kind Arrivals::kind_of(ArrivalKind kind) noexcept {
  switch (kind) {
    case ArrivalKind::Poisson:
      return Kind::Poisson;
    case ArrivalKind::Constant:
      return Kind::Constant;
    case ArrivalKind::Gamma:
      return Kind::Gamma;
    case ArrivalKind::Varying:
      return Kind::Varying;
    case ArrivalKind::Replay:
      break;
  }
  return Kind::Replay;
}

Arrivals::Arrivals(Duration period) : kind_{Kind::Periodic}, period_{period} {
  if (period < Duration::zero() || period > kEndOfTime) throw Error{ErrorCode::InvalidPlan};
}

Arrivals::Arrivals(ArrivalSettings settings, std::uint64_t schedule_seed)
    : kind_{kind_of(settings.kind)},
      target_qps_{rate_of(settings)},
      engine_{schedule_seed},
      constant_{target_qps_},
      gamma_{shape_of(settings)},
      timestamps_{std::move(settings.timestamps_ns)} {
  if (kind_ == Kind::Varying) {
    if (!valid_rates(settings.rate, target_qps_)) throw Error{ErrorCode::InvalidPlan};
    varying_ = VaryingRate{settings.rate, target_qps_};
    instant_ = varying_.advance(0.0);
  }
  if (kind_ != Kind::Replay) return;
  if (!valid_timestamps(timestamps_)) throw Error{ErrorCode::InvalidPlan};
  instant_ = Duration{timestamps_.front()};
}

void Arrivals::advance_other() noexcept {
  if (kind_ == Kind::Constant) {
    instant_ = later(instant_, constant_.gap());
  } else if (kind_ == Kind::Gamma) {
    instant_ = later(instant_, to_duration(gamma_(engine_) / target_qps_));
  } else if (kind_ == Kind::Varying) {
    instant_ = std::max(instant_, varying_.advance(unit_gap(engine_)));
  } else if (present_ + 1 < timestamps_.size()) {
    instant_ = Duration{timestamps_[++present_]};
  }
}

}  // namespace loadgen
