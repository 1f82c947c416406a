// SPDX-License-Identifier: Apache-2.0
#include "plan/sample_order.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "base/error.hpp"
#include "random/shuffle.hpp"

using loadgen::below;
using loadgen::Error;
using loadgen::ErrorCode;
using loadgen::Mt19937;
using loadgen::PositionOrder;
using loadgen::PositionSettings;
using loadgen::PositionStream;

using Positions = std::vector<std::uint32_t>;

namespace {

constexpr std::uint64_t kSeed = 77;

Positions take(PositionStream& stream, std::size_t n) {
  Positions positions;
  while (positions.size() < n) positions.push_back(stream.next());
  return positions;
}

Positions shuffled(Mt19937& engine, Positions positions) {
  loadgen::shuffle(engine, std::span{positions});
  return positions;
}

Positions up_to(std::uint32_t end) {
  Positions positions(end);
  std::iota(positions.begin(), positions.end(), 0U);
  return positions;
}

PositionSettings of_set(PositionOrder order, std::uint32_t size, std::uint64_t planned, bool accuracy = false) {
  return {.order = order, .accuracy = accuracy, .set_size = size, .end = size, .planned_queries = planned};
}

}  // namespace

TEST_CASE("draws come after the unique order and as many permutations as cover the planned queries") {
  PositionStream stream{of_set(PositionOrder::Drawn, 10, 21), kSeed};
  Mt19937 engine{kSeed};
  for (int i = 0; i < 1 + 3; ++i) shuffled(engine, up_to(10));
  for (int i = 0; i < 100; ++i) CHECK(stream.next() == below(engine, 10));
}

TEST_CASE("without planned queries there is no permutation before the draws") {
  PositionStream stream{of_set(PositionOrder::Drawn, 10, 0), kSeed};
  Mt19937 engine{kSeed};
  shuffled(engine, up_to(10));
  CHECK(stream.next() == below(engine, 10));
}

TEST_CASE("the accuracy order is the first shuffle, the unique order of an accuracy series the second") {
  Mt19937 engine{kSeed};
  PositionStream accuracy{of_set(PositionOrder::AccuracyOnce, 10, 10, true), kSeed};
  CHECK(take(accuracy, 10) == shuffled(engine, up_to(10)));
  PositionStream unique{of_set(PositionOrder::UniqueOnce, 10, 10, true), kSeed};
  CHECK(take(unique, 10) == shuffled(engine, up_to(10)));
}

TEST_CASE("MultiStream positions stand a query apart") {
  PositionSettings settings = of_set(PositionOrder::UniqueOnce, 12, 4);
  settings.end = 10;
  settings.stride = 3;
  PositionStream stream{settings, kSeed};
  Mt19937 engine{kSeed};
  CHECK(take(stream, 4) == shuffled(engine, {0, 3, 6, 9}));
}

TEST_CASE("an order that issues each position once says so when it is asked for more") {
  for (const PositionOrder order : {PositionOrder::UniqueOnce, PositionOrder::AccuracyOnce}) {
    PositionStream stream{of_set(order, 10, 10, order == PositionOrder::AccuracyOnce), kSeed};
    Positions positions = take(stream, 10);
    std::sort(positions.begin(), positions.end());
    CHECK(positions == up_to(10));
    try {
      stream.next();
      FAIL("no error");
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::SamplesRanOut);
    }
  }
}

TEST_CASE("each permutation shuffles the one before, and they start again after the planned queries") {
  PositionStream stream{of_set(PositionOrder::Permutations, 10, 11), kSeed};
  Mt19937 engine{kSeed};
  shuffled(engine, up_to(10));
  const Positions first = shuffled(engine, up_to(10));
  const Positions second = shuffled(engine, first);
  for (int cycle = 0; cycle < 3; ++cycle) {
    CHECK(take(stream, 10) == first);
    CHECK(take(stream, 10) == second);
  }
}

TEST_CASE("a single permutation repeats") {
  PositionStream stream{of_set(PositionOrder::Permutations, 7, 7), kSeed};
  const Positions first = take(stream, 7);
  CHECK(take(stream, 7) == first);
}

TEST_CASE("the same position is repeated without an end") {
  PositionSettings settings = of_set(PositionOrder::Same, 10, 5);
  settings.same_index = 4;
  PositionStream stream{settings, kSeed};
  CHECK(take(stream, 30) == Positions(30, 4));
}

TEST_CASE("the sequential order goes on by the samples of a query, past the end to the beginning, and draws nothing") {
  PositionSettings settings = of_set(PositionOrder::Sequential, 5, 20);
  PositionStream one{settings, kSeed};
  CHECK(take(one, 7) == Positions{0, 1, 2, 3, 4, 0, 1});
  settings.stride = 3;
  PositionStream blocks{settings, kSeed};
  CHECK(take(blocks, 6) == Positions{0, 3, 1, 4, 2, 0});
  Mt19937 engine{kSeed};
  CHECK(blocks.engine()() == engine());
}
