// SPDX-License-Identifier: Apache-2.0
#include "random/shuffle.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <random>
#include <vector>

using loadgen::Mt19937;
using loadgen::shuffle;
using loadgen::skip_shuffle;

namespace {

std::vector<std::uint32_t> shuffled(Mt19937& engine, std::size_t n) {
  std::vector<std::uint32_t> a(n);
  std::iota(a.begin(), a.end(), 0U);
  shuffle(engine, std::span{a});
  return a;
}

constexpr std::size_t kSizes[] = {0, 1, 2, 3, 4, 5, 100, 101, 4'096, 65'534, 65'535, 65'536, 65'537, 70'000};

}  // namespace

TEST_CASE("shuffles have known answers") {
  Mt19937 engine{42};
  CHECK(shuffled(engine, 8) == std::vector<std::uint32_t>{1, 6, 7, 0, 5, 4, 3, 2});
  CHECK(engine() == 3143890026U);
  engine = Mt19937{42};
  CHECK(shuffled(engine, 9) == std::vector<std::uint32_t>{4, 7, 2, 3, 8, 5, 1, 0, 6});
  CHECK(engine() == 3143890026U);
}

TEST_CASE("fewer than two elements draw nothing") {
  Mt19937 engine;
  shuffled(engine, 0);
  shuffled(engine, 1);
  CHECK(engine() == 3499211612U);
}

TEST_CASE("a shuffle keeps every element") {
  Mt19937 engine{5};
  for (const std::size_t n : kSizes) {
    std::vector<std::uint32_t> a = shuffled(engine, n);
    std::sort(a.begin(), a.end());
    bool complete = a.size() == n;
    for (std::size_t i = 0; i < a.size(); ++i) complete = complete && a[i] == i;
    CHECK_MESSAGE(complete, "n " << n);
  }
}

TEST_CASE("skipping a shuffle leaves the engine where shuffling leaves it") {
  for (const std::size_t n : kSizes) {
    Mt19937 drawn{n};
    Mt19937 skipped{n};
    for (int i = 0; i < 3; ++i) {
      shuffled(drawn, n);
      skip_shuffle(skipped, n);
    }
    CHECK_MESSAGE(drawn() == skipped(), "n " << n);
  }
}

#if defined(_GLIBCXX_RELEASE) && _GLIBCXX_RELEASE >= 11

TEST_CASE(
    "shuffles are those of libstdc++, below and above the size where pairs of positions are "
    "drawn") {
  for (const std::size_t n : kSizes) {
    Mt19937 own{n};
    std::mt19937 standard{static_cast<std::uint32_t>(n)};
    std::vector<std::uint32_t> a(n);
    std::iota(a.begin(), a.end(), 0U);
    std::shuffle(a.begin(), a.end(), standard);
    CHECK_MESSAGE(shuffled(own, n) == a, "n " << n);
    CHECK(own() == standard());
  }
}

#endif
