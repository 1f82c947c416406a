// SPDX-License-Identifier: Apache-2.0
#include "random/gaps.hpp"

namespace loadgen {
namespace {

// Uniform on (0, 1]: has a logarithm.
double positive_u01(Mt19937& engine) noexcept { return 1.0 - u01(engine); }

double boosted(double shape) noexcept { return shape < 1.0 ? shape + 1.0 : shape; }

}  // namespace

double Normal::operator()(Mt19937& engine) noexcept {
  if (has_spare_) {
    has_spare_ = false;
    return spare_;
  }
  double a = 0.0;
  double b = 0.0;
  double s = 0.0;
  do {
    a = 2.0 * u01(engine) - 1.0;
    b = 2.0 * u01(engine) - 1.0;
    s = a * a + b * b;
  } while (s >= 1.0 || s == 0.0);
  const double factor = std::sqrt(-2.0 * std::log(s) / s);
  spare_ = b * factor;
  has_spare_ = true;
  return a * factor;
}

Gamma::Gamma(double shape) noexcept : d_{boosted(shape) - 1.0 / 3.0}, c_{1.0 / std::sqrt(9.0 * d_)}, shape_{shape} {}

double Gamma::operator()(Mt19937& engine) noexcept {
  for (;;) {
    const double x = normal_(engine);
    const double root = 1.0 + c_ * x;
    if (root <= 0.0) continue;
    const double v = root * root * root;
    const double u = positive_u01(engine);
    if (std::log(u) >= 0.5 * x * x + d_ - d_ * v + d_ * std::log(v)) continue;
    const double mean_one = d_ * v / shape_;
    return shape_ < 1.0 ? mean_one * std::pow(positive_u01(engine), 1.0 / shape_) : mean_one;
  }
}

}  // namespace loadgen
