// SPDX-License-Identifier: Apache-2.0
#include "record/histogram.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>

using namespace loadgen;

TEST_CASE("small durations are exact") {
  DurationHistogram histogram;
  for (int value = 0; value < 100; ++value) histogram.add(Duration{value});
  CHECK(histogram.count() == 100);
  CHECK(histogram.percentile(0.5) == Duration{50});
  CHECK(histogram.percentile(0.99) == Duration{99});
  CHECK(histogram.max() == Duration{99});
}

TEST_CASE("a percentile is never below the truth and at most one part in 128 above it") {
  for (std::int64_t value = 1; value < std::numeric_limits<std::int64_t>::max() / 3; value = value * 3 + 1) {
    DurationHistogram histogram;
    histogram.add(Duration{value});
    histogram.add(Duration{std::numeric_limits<std::int64_t>::max()});
    const std::int64_t found = histogram.percentile(0.0).count();
    CHECK(found >= value);
    CHECK(found - value <= value / 128);
  }
}

TEST_CASE("an empty histogram gives zero, and negative durations count as zero") {
  DurationHistogram histogram;
  CHECK(histogram.percentile(0.99) == Duration{0});
  histogram.add(Duration{-5});
  CHECK(histogram.percentile(0.99) == Duration{0});
  CHECK(histogram.count() == 1);
}
