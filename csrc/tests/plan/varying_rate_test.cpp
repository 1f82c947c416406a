// SPDX-License-Identifier: Apache-2.0
#include "plan/varying_rate.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "base/error.hpp"
#include "plan/arrivals.hpp"

using namespace std::chrono_literals;
using loadgen::ArrivalKind;
using loadgen::Arrivals;
using loadgen::ArrivalSettings;
using loadgen::Duration;
using loadgen::Error;
using loadgen::kEndOfTime;
using loadgen::RatePiece;
using loadgen::VaryingRate;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Instants at which 0, 1, 2, ... arrivals are expected.
std::vector<Duration> whole(VaryingRate rate, std::size_t n) {
  std::vector<Duration> instants{rate.advance(0.0)};
  while (instants.size() < n) instants.push_back(rate.advance(1.0));
  return instants;
}

std::vector<Duration> first_due(Arrivals arrivals, std::size_t n) {
  std::vector<Duration> instants;
  for (; instants.size() < n; arrivals.advance()) instants.push_back(arrivals.instant());
  return instants;
}

ArrivalSettings varying(std::vector<RatePiece> rate, double qps) {
  return {.kind = ArrivalKind::Varying, .target_qps = qps, .timestamps_ns = {}, .rate = std::move(rate)};
}

}  // namespace

TEST_CASE("steps: arrivals are expected evenly in each, and at the last rate for ever") {
  const VaryingRate rate{{{1.0, 1.0, 2s}, {4.0, 4.0, 1s}, {0.5, 0.5, 1s}}, 1.0};
  // At 1/s until 2 s, at 4/s until 3 s, then one in 2 s.
  CHECK(whole(rate, 10) == std::vector<Duration>{0s, 1s, 2s, 2250ms, 2500ms, 2750ms, 3s, 5s, 7s, 9s});
}

TEST_CASE("a pause has no arrival, at its beginning neither") {
  const VaryingRate rate{{{0.0, 0.0, 1s}, {2.0, 2.0, 1s}, {0.0, 0.0, 10s}, {1.0, 1.0, 1s}}, 1.0};
  CHECK(whole(rate, 5) == std::vector<Duration>{1s, 1500ms, 12s, 13s, 14s});
}

TEST_CASE("a ramp: the time by which arrivals are expected is a square root") {
  // 100/s more each second, from 0: 50 t^2 are expected by t.
  const VaryingRate up{{{0.0, 10.0, 10s}}, 100.0};
  const std::vector<Duration> instants = whole(up, 51);
  CHECK(instants[0] == 0s);
  CHECK(instants[2] == 200ms);
  CHECK(instants[18] == 600ms);
  CHECK(instants[50] == 1s);
  // From 10/s down to 5/s in 2 s: 10 t - 1.25 t^2. After 15 of them, 5/s for ever.
  const std::vector<Duration> down = whole(VaryingRate{{{2.0, 1.0, 2s}}, 5.0}, 26);
  CHECK(down[15] == 2s);
  CHECK(down[20] == 3s);
  CHECK(down[25] == 4s);
  for (const double by : {1.0, 7.0, 14.0}) {
    const double t = static_cast<double>(down[static_cast<std::size_t>(by)].count()) / 1e9;
    CHECK(10.0 * t - 1.25 * t * t == doctest::Approx(by).epsilon(1e-7));
  }
}

TEST_CASE("a rate that falls to nothing ends in time, and what comes after it goes on") {
  const VaryingRate rate{{{1.0, 0.0, 2s}, {1.0, 1.0, 1s}}, 1.0};  // one arrival is expected on the way down
  CHECK(whole(rate, 3) == std::vector<Duration>{0s, 2s, 3s});
}

TEST_CASE("one step is the Poisson process of the same seed, but for the rounding of its gaps") {
  const std::vector<Duration> constant = first_due(Arrivals{varying({{1.0, 1.0, 1s}}, 1000.0), 7}, 2000);
  ArrivalSettings poisson;
  poisson.target_qps = 1000.0;
  const std::vector<Duration> gaps = first_due(Arrivals{poisson, 7}, 2000);
  for (std::size_t k = 0; k < gaps.size(); ++k) {
    CHECK(constant[k] >= gaps[k]);  // each gap is rounded down
    CHECK((constant[k] - gaps[k]).count() <= static_cast<std::int64_t>(k));
  }
}

TEST_CASE("arrivals never go back, however high and long the rates are") {
  for (const double qps : {1e-6, 1.0, 1e9}) {
    const std::vector<Duration> instants =
        first_due(Arrivals{varying({{0.0, 3.0, 1s}, {3.0, 0.0, 1s}, {0.0, 0.0, 1s}, {1e-3, 1e-3, 1s}}, qps), 3}, 10000);
    CHECK(std::ranges::is_sorted(instants));
    CHECK(instants.back() <= kEndOfTime);
  }
}

TEST_CASE("rates that give no plan are refused") {
  const std::vector<std::vector<RatePiece>> wrong{{},
                                                  {{1.0, 0.0, 1s}},
                                                  {{1.0, 1.0, 0s}},
                                                  {{-1.0, 1.0, 1s}},
                                                  {{1.0, kInfinity, 1s}},
                                                  {{kInfinity - kInfinity, 1.0, 1s}},
                                                  {{2e10, 1.0, 1s}}};
  for (const auto& pieces : wrong) CHECK_THROWS_AS((Arrivals{varying(pieces, 1.0), 0}), Error);
}
