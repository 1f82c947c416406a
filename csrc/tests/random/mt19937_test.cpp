// SPDX-License-Identifier: Apache-2.0
#include "random/mt19937.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <random>

using loadgen::Mt19937;

TEST_CASE("the default engine gives the words that the C++ standard names") {
  Mt19937 engine;
  CHECK(engine() == 3499211612U);
  CHECK(engine() == 581869302U);
  engine.discard(9'997);
  CHECK(engine() == 4123659995U);
}

TEST_CASE("words are those of std::mt19937 for any seed, over many blocks") {
  for (const std::uint32_t seed : {0U, 1U, 5489U, 0xffffffffU}) {
    Mt19937 own{seed};
    std::mt19937 standard{seed};
    bool same = true;
    for (int i = 0; i < 5'000; ++i) same = same && own() == standard();
    CHECK_MESSAGE(same, "seed " << seed);
  }
}

TEST_CASE("only the low 32 bits of a seed count") {
  Mt19937 low{7};
  Mt19937 high{(std::uint64_t{123} << 32U) + 7};
  for (int i = 0; i < 3; ++i) CHECK(low() == high());
}

TEST_CASE("discarding is the same as drawing, from any place in a block") {
  for (const std::uint64_t before : {0U, 1U, 623U, 624U, 700U}) {
    for (const std::uint64_t count : {0U, 1U, 623U, 624U, 625U, 1248U, 10'000U}) {
      Mt19937 drawn{11};
      Mt19937 discarded{11};
      for (std::uint64_t i = 0; i < before; ++i) CHECK(drawn() == discarded());
      for (std::uint64_t i = 0; i < count; ++i) drawn();
      discarded.discard(count);
      CHECK(drawn() == discarded());
      CHECK(drawn() == discarded());
    }
  }
}

TEST_CASE("two words are the next two, the first one low, also where a block ends between them") {
  Mt19937 singly;
  Mt19937 pairwise;
  CHECK(singly() == pairwise());
  for (int i = 0; i < 1'000; ++i) {
    const std::uint64_t low = singly();
    const std::uint64_t high = singly();
    CHECK(pairwise.two_words() == (high << 32U | low));
  }
}

TEST_CASE("a copy goes on from the same place and leaves the original alone") {
  Mt19937 original{3};
  original.discard(100);
  Mt19937 copy = original;
  const std::uint32_t next = copy();
  copy.discard(1'000);
  CHECK(original() == next);
}
