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

TEST_CASE("a thread that waits for a processor often hardly spins, until it hardly waits") {
  SleepMargin margin;
  const Instant start{1h};
  const auto add = [&](Duration total, Duration after) {
    for (int i = 0; i < 32; ++i) margin.add(40us);
    margin.add_queue_delay(total, start + after);
    return margin.margin();
  };
  CHECK(add(900ms, 0s) == 40us);  // what was before is nobody's fault
  CHECK(add(950ms, 1s) == 40us);
  CHECK_FALSE(margin.crowded());
  CHECK(add(1'001ms, 2s) == 10us);
  CHECK(margin.crowded());
  CHECK(add(1'012ms, 3s) == 10us);
  CHECK(add(1'022ms, 4s) == 40us);
  CHECK_FALSE(margin.crowded());
}

TEST_CASE("it wants to know ten times a second how long the thread has waited") {
  SleepMargin margin;
  const Instant start{1h};
  CHECK(margin.wants_queue_delay(start));
  margin.add_queue_delay(0ns, start);
  CHECK_FALSE(margin.wants_queue_delay(start + 99ms));
  CHECK(margin.wants_queue_delay(start + 100ms));
}

TEST_CASE("where nobody knows how long a thread waits it is not crowded") {
  SleepMargin margin;
  margin.add_queue_delay(std::nullopt, Instant{1h});
  margin.add_queue_delay(std::nullopt, Instant{2h});
  margin.add_queue_delay(1h, Instant{3h});
  CHECK_FALSE(margin.crowded());
}
