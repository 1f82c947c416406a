// SPDX-License-Identifier: Apache-2.0
// When the queries of a series are due, counted from its start. Which samples they ask for is
// sample_order.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "base/time.hpp"
#include "plan/constant_rate.hpp"
#include "plan/varying_rate.hpp"
#include "random/gaps.hpp"
#include "random/mt19937.hpp"

namespace loadgen {

enum class ArrivalKind : std::uint8_t {
  Poisson,   // exponential gaps
  Constant,  // due_k = floor(k * 1e9 / target_qps)
  Gamma,     // gamma gaps of shape `burstiness`: below 1 burstier than Poisson, above 1 more regular
  Replay,    // the given instants
  Varying,   // a Poisson process whose rate changes
};

struct ArrivalSettings {
  ArrivalKind kind = ArrivalKind::Poisson;
  double target_qps = 0.0;                    // all but Replay
  double burstiness = 1.0;                    // Gamma
  std::vector<std::int64_t> timestamps_ns{};  // Replay: since the series' start, not decreasing
  std::vector<RatePiece> rate{};              // Varying: one behind the other; the last factor goes on
};

/// Rates that a plan in nanoseconds can follow: one arrival in 146 years, ten in a nanosecond. At
/// higher rates every gap would be 0 and a plan that must last some time would never end.
inline constexpr double kLowestTargetQps = 0x1p-32;
inline constexpr double kHighestTargetQps = 1e10;

/// The instants of one series, in order. Unending, but for Replay.
///
/// Varying is a time change: the instants are those at which the integrated rate reaches the
/// arrivals of a Poisson process of rate 1, whose first is 0 (E. Cinlar, "Introduction to
/// Stochastic Processes", 1975, section 4.7; P. A. W. Lewis and G. S. Shedler, "Simulation of
/// nonhomogeneous Poisson processes by thinning", 1979, section 1).
///
/// Cost of advance(): Poisson 6 ns, a fixed period or Constant 1, Replay 1, Varying 7 to 10, Gamma 20
/// to 40.
class Arrivals {
 public:
  /// One every `period`, from 0. Throws Error{InvalidPlan} when it lies outside [0, kEndOfTime].
  explicit Arrivals(Duration period);

  /// As the settings say; random gaps come from an engine with this seed. Throws Error{InvalidPlan}
  /// when a rate or burstiness is out of range, or the timestamps are none, negative or decreasing,
  /// or the pieces of a rate are none, without a length, or end without a rate.
  Arrivals(ArrivalSettings settings, std::uint64_t schedule_seed);

  /// The instant of the present arrival. Behind the last one of a Replay: that last one's.
  [[nodiscard]] Duration instant() const noexcept { return instant_; }

  /// On to the next arrival.
  void advance() noexcept {
    if (kind_ == Kind::Poisson) {
      instant_ = later(instant_, exp_ns(engine_, target_qps_));
    } else if (kind_ == Kind::Periodic) {
      instant_ = later(instant_, period_);
    } else {
      advance_other();
    }
  }

  /// How many there are; the largest number when they never end.
  [[nodiscard]] std::uint64_t count() const noexcept {
    return kind_ == Kind::Replay ? timestamps_.size() : std::numeric_limits<std::uint64_t>::max();
  }

 private:
  enum class Kind : std::uint8_t { Periodic, Poisson, Constant, Gamma, Replay, Varying };

  [[nodiscard]] static Kind kind_of(ArrivalKind kind) noexcept;
  void advance_other() noexcept;

  Kind kind_;
  Duration instant_{0};
  Duration period_{0};
  double target_qps_ = 0.0;
  Mt19937 engine_;
  ConstantRate constant_{1.0};
  Gamma gamma_{1.0};
  VaryingRate varying_;
  std::vector<std::int64_t> timestamps_;
  std::size_t present_ = 0;
};

}  // namespace loadgen
