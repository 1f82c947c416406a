// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "engine/sleep_margin.hpp"

using namespace loadgen;
using namespace std::chrono_literals;

TEST_CASE("the margin starts at its largest and follows the largest of the recent errors") {
  SleepMargin margin;
  CHECK(margin.margin() == SleepMargin::kLargest);
  for (int i = 0; i < 256; ++i) margin.add(Duration{30'000 + i * 100});
  CHECK(margin.margin() >= 55us);
  CHECK(margin.margin() <= 56us);
}

TEST_CASE("stalls of the machine do not widen the margin") {
  SleepMargin margin;
  for (int i = 0; i < 320; ++i) margin.add(i % 4 == 0 ? Duration{5ms} : Duration{40us});
  CHECK(margin.margin() == 40us);
}

TEST_CASE("the margin stays between its bounds") {
  SleepMargin small;
  SleepMargin large;
  for (int i = 0; i < 64; ++i) {
    small.add(Duration{1us});
    large.add(Duration{190us});
  }
  CHECK(small.margin() == SleepMargin::kSmallest);
  CHECK(large.margin() == SleepMargin::kLargest);
}
