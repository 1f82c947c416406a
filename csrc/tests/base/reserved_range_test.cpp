// SPDX-License-Identifier: Apache-2.0
#include "base/reserved_range.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <utility>
#include <vector>

using namespace loadgen;

TEST_CASE("reserved bytes read as zero and keep what is written, far apart") {
  for (const Backing backing : {Backing::Anonymous, Backing::Memfd}) {
    const std::size_t size = std::size_t{1} << 34;
    Ranges ranges{backing};
    ReservedRange range = ranges.reserve(size);
    REQUIRE(range);
    CHECK(range.size() == size);
    CHECK(range.data()[size - 1] == std::byte{0});
    range.data()[size - 1] = std::byte{7};
    CHECK(range.data()[size - 1] == std::byte{7});
    CHECK((ranges.made().front().fd >= 0) == (backing == Backing::Memfd));
  }
}

TEST_CASE("what another process made is mapped by number and key, until its files are closed") {
  Ranges ranges{Backing::Memfd};
  const ReservedRange range = ranges.reserve(4096);
  range.data()[9] = std::byte{4};
  const std::vector<SharedRange> made = ranges.made();
  CHECK((Ranges{getpid(), made}).reserve(4096).data()[9] == std::byte{4});
  CHECK_FALSE((Ranges{getpid(), {{made[0].fd, 4096, made[0].key + 1}}}).reserve(4096));
  CHECK_FALSE((Ranges{getpid(), made}).reserve(8192));
  const Ranges copy = ranges;
  ranges.close_files();
  CHECK(copy.made()[0].fd == -1);
  CHECK_FALSE((Ranges{getpid(), made}).reserve(4096));
  CHECK(range.data()[9] == std::byte{4});
}

TEST_CASE("files are closed with the last copy of their ranges, and when they are rewound") {
  SharedRange first;
  {
    Ranges ranges{Backing::Memfd};
    (void)ranges.reserve(4096);
    first = ranges.made()[0];
    (void)ranges.reserve(8192);
    const SharedRange second = ranges.made()[1];
    ranges.rewind(1);
    CHECK_FALSE((Ranges{getpid(), {second}}).reserve(8192));
    CHECK((Ranges{getpid(), {first}}).reserve(4096));
  }
  CHECK_FALSE((Ranges{getpid(), {first}}).reserve(4096));
}

TEST_CASE("a range that the system cannot grant is empty") {
  const ReservedRange range{std::size_t{1} << 62};
  CHECK_FALSE(range);
}

TEST_CASE("shrinking keeps what lies in front, and gives the rest back") {
  ReservedRange range{std::size_t{1} << 30};
  range.data()[5000] = std::byte{3};
  range.shrink(5001);
  CHECK(range.size() == 8192);
  CHECK(range.data()[5000] == std::byte{3});
  range.shrink(std::size_t{1} << 20);
  CHECK(range.size() == 8192);
}

TEST_CASE("moving leaves the source empty") {
  ReservedRange from{4096};
  std::byte* data = from.data();
  ReservedRange to = std::move(from);
  CHECK(to.data() == data);
  CHECK_FALSE(from);  // NOLINT(bugprone-use-after-move): the state after a move is part of the contract
}
