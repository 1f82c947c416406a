// SPDX-License-Identifier: Apache-2.0
#include "plan/loadable_sets.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/error.hpp"

using loadgen::Error;
using loadgen::loadable_sets;
using loadgen::LoadedSet;

using Samples = std::vector<std::uint32_t>;

TEST_CASE("the whole shuffled data set is cut into sets, the last one short") {
  const auto sets = loadable_sets(9, 100, 4, 0, 42);
  REQUIRE(sets.size() == 3);
  CHECK(sets[0].samples == Samples{4, 7, 2, 3});
  CHECK(sets[1].samples == Samples{8, 5, 1, 0});
  CHECK(sets[2].samples == Samples{6});
  CHECK(sets[2].end == 1);
}

TEST_CASE("no more samples than the data set has") {
  const auto sets = loadable_sets(50, 9, 100, 0, 42);
  REQUIRE(sets.size() == 1);
  CHECK(sets[0].samples == Samples{4, 7, 2, 3, 8, 5, 1, 0, 6});
}

TEST_CASE("padding repeats the growing set, also when it is longer than the set") {
  const auto sets = loadable_sets(3, 3, 2, 5, 42);
  REQUIRE(sets.size() == 2);
  CHECK(sets[0].samples == Samples{1, 0, 1, 0, 1, 0, 1});
  CHECK(sets[0].end == 2);
  CHECK(sets[1].samples == Samples{2, 2, 2, 2, 2, 2});
  CHECK(sets[1].end == 1);
}

TEST_CASE("the same seed gives the same sets, another one others") {
  CHECK(loadable_sets(100, 100, 100, 0, 1)[0].samples == loadable_sets(100, 100, 100, 0, 1)[0].samples);
  CHECK(loadable_sets(100, 100, 100, 0, 1)[0].samples != loadable_sets(100, 100, 100, 0, 2)[0].samples);
}

TEST_CASE("no samples, or more than 32 bits can number, are refused") {
  const std::uint64_t too_many = std::uint64_t{1} << 32U;
  CHECK_THROWS_AS((void)loadable_sets(0, 5, 5, 0, 0), Error);
  CHECK_THROWS_AS((void)loadable_sets(5, 0, 5, 0, 0), Error);
  CHECK_THROWS_AS((void)loadable_sets(5, 5, 0, 0, 0), Error);
  CHECK_THROWS_AS((void)loadable_sets(too_many, too_many, 5, 0, 0), Error);
  CHECK_THROWS_AS((void)loadable_sets(5, 5, 5, too_many, 0), Error);
}
