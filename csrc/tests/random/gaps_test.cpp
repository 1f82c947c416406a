// SPDX-License-Identifier: Apache-2.0
#include "random/gaps.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>

using loadgen::Duration;
using loadgen::exp_ns;
using loadgen::Gamma;
using loadgen::kEndOfTime;
using loadgen::Mt19937;
using loadgen::Normal;
using loadgen::to_duration;

namespace {

struct Moments {
  double mean;
  double variance;
};

template <typename Draw>
Moments moments_of(Draw draw, int n) {
  double sum = 0.0;
  double squares = 0.0;
  for (int i = 0; i < n; ++i) {
    const double value = draw();
    sum += value;
    squares += value * value;
  }
  const double mean = sum / n;
  return {mean, squares / n - mean * mean};
}

constexpr int kMany = 200'000;

}  // namespace

TEST_CASE("exponential gaps have known answers") {
  Mt19937 engine;
  for (const std::int64_t expected : {145577, 1801861, 3469511, 249787, 368410, 792350}) {
    CHECK(exp_ns(engine, 1000.0) == Duration{expected});
  }
}

TEST_CASE("durations are rounded towards zero and end at the end of time") {
  CHECK(to_duration(0.0) == Duration{0});
  CHECK(to_duration(0.9999999999e-9) == Duration{0});
  CHECK(to_duration(1.5e-9) == Duration{1});
  CHECK(to_duration(2.0) == Duration{2'000'000'000});
  CHECK(to_duration(1e30) == kEndOfTime);
  CHECK(to_duration(std::numeric_limits<double>::infinity()) == kEndOfTime);
}

TEST_CASE("normal values have mean 0 and variance 1") {
  Mt19937 engine{1};
  Normal normal;
  const Moments moments = moments_of([&] { return normal(engine); }, kMany);
  CHECK(std::abs(moments.mean) < 4 / std::sqrt(kMany));
  CHECK(std::abs(moments.variance - 1) < 4 * std::sqrt(2.0 / kMany));
}

TEST_CASE("gamma values have mean 1 and variance 1 / shape") {
  for (const double shape : {0.1, 0.5, 1.0, 3.0, 50.0}) {
    Mt19937 engine{2};
    Gamma gamma{shape};
    const Moments moments = moments_of([&] { return gamma(engine); }, kMany);
    const double error_of_mean = std::sqrt(1 / shape / kMany);
    const double error_of_variance = std::sqrt((6 / shape + 2) / kMany) / shape;
    CHECK_MESSAGE(std::abs(moments.mean - 1) < 4 * error_of_mean, "shape " << shape);
    CHECK_MESSAGE(std::abs(moments.variance - 1 / shape) < 4 * error_of_variance, "shape " << shape);
  }
}

TEST_CASE("gamma values of a tiny shape are finite and never negative") {
  Mt19937 engine{3};
  Gamma gamma{1e-4};
  bool fine = true;
  for (int i = 0; i < 10'000; ++i) {
    const double value = gamma(engine);
    fine = fine && value >= 0.0 && std::isfinite(value);
  }
  CHECK(fine);
}

#if defined(_GLIBCXX_RELEASE) && _GLIBCXX_RELEASE >= 11

TEST_CASE("exponential gaps are those of libstdc++") {
  Mt19937 own{4};
  std::mt19937 standard{4};
  std::exponential_distribution<double> distribution{12'345.678};
  bool same = true;
  for (int i = 0; i < 100'000; ++i) {
    same = same && exp_ns(own, 12'345.678).count() == static_cast<std::int64_t>(distribution(standard) * 1e9);
  }
  CHECK(same);
}

#endif
