// SPDX-License-Identifier: Apache-2.0
// Random gaps between arrivals: exponential (a Poisson process) and gamma.
#pragma once

#include <cmath>
#include <cstdint>

#include "base/time.hpp"
#include "random/mt19937.hpp"
#include "random/uniform.hpp"

namespace loadgen {

/// Where planned time ends, 146 years on: longer gaps and later instants are cut to it, so that an
/// instant can still be added to a clock reading.
inline constexpr Duration kEndOfTime{std::int64_t{1} << 62};

/// `instant` + `gap`, at most kEndOfTime. REQUIRES: both lie in [0, kEndOfTime].
[[nodiscard]] constexpr Duration later(Duration instant, Duration gap) noexcept {
  return gap < kEndOfTime - instant ? instant + gap : kEndOfTime;
}

/// Nanoseconds, rounded towards zero, of a duration in seconds that is not negative; infinity is
/// cut to kEndOfTime.
inline Duration to_duration(double seconds) noexcept {
  const double ns = seconds * 1e9;
  return ns < 0x1p62 ? Duration{static_cast<std::int64_t>(ns)} : kEndOfTime;
}

/// Gap of a Poisson process of rate 1: -ln(1 - u). Two words.
inline double unit_gap(Mt19937& engine) noexcept { return -std::log(1.0 - u01(engine)); }

/// Gap of a Poisson process of `rate` arrivals a second: trunc(-ln(1 - u) / rate * 1e9) ns. Two
/// words.
///
/// The natural log is the platform's; one that differs in the last bit changes a gap in fewer than
/// one of 10^12.
inline Duration exp_ns(Mt19937& engine, double rate) noexcept { return to_duration(unit_gap(engine) / rate); }

/// Standard normal values by the polar method.
///
/// G. Marsaglia and T. A. Bray, "A convenient method for generating normal variables", SIAM Review
/// 6 (1964): for (a, b) uniform in the unit disc and s = a^2 + b^2, both a * f and b * f with f =
/// sqrt(-2 ln(s) / s) are normal. The second is kept for the next call.
class Normal {
 public:
  double operator()(Mt19937& engine) noexcept;

 private:
  double spare_ = 0.0;
  bool has_spare_ = false;
};

/// Gamma values with the given shape and mean 1; shape 1 is the exponential distribution (by
/// another stream).
///
/// G. Marsaglia and W. W. Tsang, "A simple method for generating gamma variables", ACM TOMS 26
/// (2000): with d = shape - 1/3 and c = 1 / sqrt(9 d), draw normal x, v = (1 + c x)^3 and uniform u
/// until v > 0 and ln(u) < x^2 / 2 + d - d v + d ln(v); the value is d v. For shape < 1: a value of
/// shape + 1 times u^(1 / shape). REQUIRES: shape > 0 and finite.
class Gamma {
 public:
  explicit Gamma(double shape) noexcept;
  double operator()(Mt19937& engine) noexcept;

 private:
  double d_;
  double c_;
  double shape_;
  Normal normal_;
};

}  // namespace loadgen
