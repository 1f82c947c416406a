// SPDX-License-Identifier: Apache-2.0
#include "plan/accuracy_log.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>

#include "base/error.hpp"

using loadgen::AccuracyLogChoice;
using loadgen::Error;
using loadgen::Mt19937;
using loadgen::u01;

namespace {

int kept_of(AccuracyLogChoice choice, int n) {
  int kept = 0;
  for (int i = 0; i < n; ++i) kept += choice.keep();
  return kept;
}

}  // namespace

TEST_CASE(
    "an answer is kept when its draw plus the series' offset, modulo 1, is at most the "
    "probability") {
  const double probability = 0.3;
  for (const std::uint64_t seed : {0U, 1U, 2U, 3U}) {
    Mt19937 engine;
    Mt19937 reference;
    Mt19937 offset_engine{seed};
    const double offset = u01(offset_engine);
    AccuracyLogChoice choice{false, probability, seed, &engine};
    for (int i = 0; i < 1'000; ++i) {
      double value = u01(reference) + offset;
      if (!(value < 1.0)) value -= 1.0;
      CHECK(choice.keep() == (value <= probability ? 1 : 0));
    }
  }
}

TEST_CASE("the share that is kept is the probability") {
  Mt19937 engine;
  CHECK(std::abs(kept_of({false, 0.2, 9, &engine}, 10'000) - 2'000) < 4 * 40);
  CHECK(kept_of({false, 1.0, 9, &engine}, 1'000) == 1'000);
}

TEST_CASE("skipped samples take their draws") {
  Mt19937 drawn;
  Mt19937 skipped;
  kept_of({false, 0.5, 0, &drawn}, 333);
  AccuracyLogChoice{true, 0.5, 0, &skipped}.skip(333);
  CHECK(drawn() == skipped());
}

TEST_CASE("accuracy series keep every answer, and still draw") {
  Mt19937 engine;
  CHECK(kept_of({true, 0.1, 0, &engine}, 100) == 100);
  Mt19937 expected;
  expected.discard(200);
  CHECK(engine() == expected());
}

TEST_CASE("probability 0 keeps nothing and draws nothing") {
  Mt19937 engine;
  CHECK(kept_of({false, 0.0, 0, &engine}, 100) == 0);
  CHECK(kept_of({false, 0.0, 0, nullptr}, 100) == 0);
  CHECK(engine() == Mt19937{}());
}

TEST_CASE("a probability without an engine, below 0 or not a number is refused") {
  Mt19937 engine;
  CHECK_THROWS_AS((AccuracyLogChoice{false, 0.1, 0, nullptr}), Error);
  CHECK_THROWS_AS((AccuracyLogChoice{false, -0.1, 0, &engine}), Error);
  CHECK_THROWS_AS((AccuracyLogChoice{false, std::nan(""), 0, &engine}), Error);
}
