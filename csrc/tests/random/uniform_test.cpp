// SPDX-License-Identifier: Apache-2.0
#include "random/uniform.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <random>
#include <vector>

using loadgen::below;
using loadgen::Mt19937;
using loadgen::u01;

TEST_CASE("bounded draws have known answers") {
  Mt19937 engine;
  for (const std::uint32_t expected : {8U, 1U, 9U, 8U, 1U, 9U, 9U, 2U, 6U, 3U}) CHECK(below(engine, 10) == expected);
}

TEST_CASE("a range of one still takes a word") {
  Mt19937 engine{1};
  CHECK(below(engine, 1) == 0);
  CHECK(below(engine, 1) == 0);
  CHECK(engine() == 3093770124U);
}

TEST_CASE("a rejected draw takes one more word") {
  Mt19937 engine;
  std::vector<std::uint32_t> drawn;
  for (int i = 0; i < 8; ++i) drawn.push_back(below(engine, 3U << 30U));
  CHECK(drawn == std::vector<std::uint32_t>{436401976U, 2917760050U, 2689750938U, 3120941543U, 2942189571U, 712000488U,
                                            2036971723U, 992675552U});
  CHECK(engine() == 418932835U);  // the 11th word: two of ten were rejected
}

TEST_CASE("reals have known answers") {
  Mt19937 engine;
  CHECK(u01(engine) == 0x1.1574f7b6848dep-3);
  CHECK(u01(engine) == 0x1.ab863ef3cfc3fp-1);
  CHECK(u01(engine) == 0x1.f00f6fbe41047p-1);
}

#if defined(_GLIBCXX_RELEASE) && _GLIBCXX_RELEASE >= 11

TEST_CASE("bounded draws are those of libstdc++ for small, large and awkward ranges") {
  for (const std::uint32_t range : {1U, 2U, 3U, 1'000U, 65'536U, 0x80000000U, 0x80000001U, 0xfffffffeU, 0xffffffffU}) {
    Mt19937 own{range};
    std::mt19937 standard{range};
    std::uniform_int_distribution<std::uint64_t> distribution{0, range - 1U};
    bool same = true;
    for (int i = 0; i < 2'000; ++i) same = same && below(own, range) == distribution(standard);
    CHECK_MESSAGE(same, "range " << range);
  }
}

TEST_CASE("reals are those of libstdc++") {
  Mt19937 own{99};
  std::mt19937 standard{99};
  bool same = true;
  for (int i = 0; i < 100'000; ++i) same = same && u01(own) == std::generate_canonical<double, 53>(standard);
  CHECK(same);
}

#endif
