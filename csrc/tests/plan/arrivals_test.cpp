// SPDX-License-Identifier: Apache-2.0
#include "plan/arrivals.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "base/error.hpp"
#include "plan/constant_rate.hpp"

using loadgen::ArrivalKind;
using loadgen::Arrivals;
using loadgen::ArrivalSettings;
using loadgen::ConstantRate;
using loadgen::Duration;
using loadgen::Error;
using loadgen::kEndOfTime;

namespace {

std::vector<std::int64_t> first(Arrivals arrivals, std::size_t n) {
  std::vector<std::int64_t> instants;
  for (; instants.size() < n; arrivals.advance()) instants.push_back(arrivals.instant().count());
  return instants;
}

ArrivalSettings at_rate(ArrivalKind kind, double qps, double burstiness = 1.0) {
  return {.kind = kind, .target_qps = qps, .burstiness = burstiness, .timestamps_ns = {}};
}

ArrivalSettings replay(std::vector<std::int64_t> timestamps) {
  return {.kind = ArrivalKind::Replay, .timestamps_ns = std::move(timestamps)};
}

}  // namespace

TEST_CASE("a period repeats from 0") {
  CHECK(first(Arrivals{Duration{7}}, 4) == std::vector<std::int64_t>{0, 7, 14, 21});
}

TEST_CASE("Poisson arrivals sum the exponential gaps of their seed") {
  const auto instants = first(Arrivals{at_rate(ArrivalKind::Poisson, 1000.0), 5489}, 4);
  CHECK(instants == std::vector<std::int64_t>{0, 145577, 145577 + 1801861, 145577 + 1801861 + 3469511});
}

TEST_CASE("constant arrivals are rounded down from the exact instant, not summed from rounded gaps") {
  const auto instants = first(Arrivals{at_rate(ArrivalKind::Constant, 3.0), 0}, 4);
  CHECK(instants == std::vector<std::int64_t>{0, 333333333, 666666666, 1000000000});
}

TEST_CASE("a constant rate above one a nanosecond repeats instants evenly") {
  const auto instants = first(Arrivals{at_rate(ArrivalKind::Constant, 2.5e9), 0}, 6);
  CHECK(instants == std::vector<std::int64_t>{0, 0, 0, 1, 1, 2});
}

TEST_CASE("constant arrivals do not drift in ten million steps") {
  ConstantRate rate{7.0e6};
  std::int64_t instant = 0;
  for (int i = 0; i < 10'000'000; ++i) instant += rate.gap().count();
  CHECK(instant == 1'428'571'428);  // 10^7 * 10^9 / (7 * 10^6), rounded down
}

TEST_CASE("a replay has the given instants, stays at the last one and says how many there are") {
  const Arrivals arrivals{replay({3, 3, 10}), 0};
  CHECK(arrivals.count() == 3);
  CHECK(first(arrivals, 5) == std::vector<std::int64_t>{3, 3, 10, 10, 10});
  CHECK(Arrivals{Duration{1}}.count() == std::numeric_limits<std::uint64_t>::max());
}

TEST_CASE("gamma arrivals never go back and come from their seed only") {
  const auto instants = first(Arrivals{at_rate(ArrivalKind::Gamma, 1000.0, 0.1), 1}, 1'000);
  bool ascending = true;
  for (std::size_t i = 1; i < instants.size(); ++i) ascending = ascending && instants[i] >= instants[i - 1];
  CHECK(ascending);
  CHECK(instants == first(Arrivals{at_rate(ArrivalKind::Gamma, 1000.0, 0.1), 1}, 1'000));
  CHECK(instants != first(Arrivals{at_rate(ArrivalKind::Gamma, 1000.0, 0.1), 2}, 1'000));
}

TEST_CASE("instants end at the end of time instead of overflowing") {
  CHECK(loadgen::later(kEndOfTime - Duration{5}, Duration{4}) == kEndOfTime - Duration{1});
  CHECK(loadgen::later(kEndOfTime - Duration{5}, Duration{5}) == kEndOfTime);
  CHECK(loadgen::later(kEndOfTime - Duration{5}, Duration{6}) == kEndOfTime);
  CHECK(loadgen::later(kEndOfTime, kEndOfTime) == kEndOfTime);
  CHECK(first(Arrivals{kEndOfTime}, 3).back() == kEndOfTime.count());
}

TEST_CASE("settings that give no arrivals are refused") {
  const double nan = std::nan("");
  for (const double qps : {0.0, -1.0, nan, 1e-11, 1e11, std::numeric_limits<double>::infinity()}) {
    for (const ArrivalKind kind : {ArrivalKind::Poisson, ArrivalKind::Constant, ArrivalKind::Gamma}) {
      CHECK_THROWS_AS((Arrivals{at_rate(kind, qps), 0}), Error);
    }
  }
  for (const double burstiness : {0.0, -1.0, nan, std::numeric_limits<double>::infinity()}) {
    CHECK_THROWS_AS((Arrivals{at_rate(ArrivalKind::Gamma, 1.0, burstiness), 0}), Error);
  }
  CHECK_THROWS_AS((Arrivals{replay({}), 0}), Error);
  CHECK_THROWS_AS((Arrivals{replay({-1}), 0}), Error);
  CHECK_THROWS_AS((Arrivals{replay({2, 1}), 0}), Error);
  CHECK_THROWS_AS(Arrivals{Duration{-1}}, Error);
}
