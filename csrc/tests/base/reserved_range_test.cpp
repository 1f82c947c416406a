// SPDX-License-Identifier: Apache-2.0
#include "base/reserved_range.hpp"

#include <doctest/doctest.h>

#include <utility>

using namespace loadgen;

TEST_CASE("reserved bytes read as zero and keep what is written, far apart") {
  for (const Backing backing : {Backing::Anonymous, Backing::Memfd}) {
    const std::size_t size = std::size_t{1} << 34;
    ReservedRange range{size, backing};
    REQUIRE(range);
    CHECK(range.size() == size);
    CHECK(range.data()[size - 1] == std::byte{0});
    range.data()[size - 1] = std::byte{7};
    CHECK(range.data()[size - 1] == std::byte{7});
    CHECK((range.fd() >= 0) == (backing == Backing::Memfd));
  }
}

TEST_CASE("a range that the system cannot grant is empty") {
  const ReservedRange range{std::size_t{1} << 62, Backing::Anonymous};
  CHECK_FALSE(range);
}

TEST_CASE("shrinking keeps what lies in front, and gives the rest back") {
  ReservedRange range{std::size_t{1} << 30, Backing::Anonymous};
  range.data()[5000] = std::byte{3};
  range.shrink(5001);
  CHECK(range.size() == 8192);
  CHECK(range.data()[5000] == std::byte{3});
  range.shrink(std::size_t{1} << 20);
  CHECK(range.size() == 8192);
}

TEST_CASE("moving leaves the source empty") {
  ReservedRange from{4096, Backing::Anonymous};
  std::byte* data = from.data();
  ReservedRange to = std::move(from);
  CHECK(to.data() == data);
  CHECK_FALSE(from);  // NOLINT(bugprone-use-after-move): the state after a move is part of the contract
}
