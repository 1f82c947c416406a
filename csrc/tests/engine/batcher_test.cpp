// SPDX-License-Identifier: Apache-2.0
#include "engine/batcher.hpp"

#include <doctest/doctest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <vector>

using namespace loadgen;
using namespace std::chrono_literals;

namespace {

struct Fixture {
  VirtualClock clock{Instant{1s}};
  Record record;
  Batcher batcher;

  Fixture() : record{settings(), Clock{&clock}}, batcher{record} {}

  static RecordSettings settings() {
    RecordSettings settings;
    settings.max_rows = 1 << 20;
    return settings;
  }

  void issue(std::uint64_t rows) {
    const std::uint64_t first = record.head();
    record.set_issued({first, rows}, clock.now());
    record.publish(first + rows);
    batcher.published(rows, 1ms);
  }

  // What can be taken without waiting.
  std::optional<RowRange> take(std::uint64_t max_size, Duration max_wait = 0ns,
                               std::vector<std::uint64_t> preferred = {}) {
    return batcher.take({max_size, max_wait, clock.now(), preferred});
  }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "rows are handed out in issue order, each once, at most max_size together") {
  issue(5);
  const auto first = take(3);
  REQUIRE(first);
  CHECK(first->first == 0);
  CHECK(first->count == 3);
  const auto second = take(3);
  REQUIRE(second);
  CHECK(second->first == 3);
  CHECK(second->count == 2);
  CHECK_FALSE(take(3));
  CHECK(batcher.taken() == 5);
}

TEST_CASE_FIXTURE(Fixture, "a batch that is not full waits until its oldest sample has waited long enough") {
  issue(2);
  CHECK_FALSE(take(4, 10ms));
  clock.advance(clock.now() + 9ms);
  CHECK_FALSE(take(4, 10ms));
  clock.advance(clock.now() + 1ms);
  const auto rows = take(4, 10ms);
  REQUIRE(rows);
  CHECK(rows->count == 2);
}

TEST_CASE_FIXTURE(Fixture, "a full batch does not wait") {
  issue(4);
  const auto rows = take(4, 1h);
  REQUIRE(rows);
  CHECK(rows->count == 4);
}

TEST_CASE_FIXTURE(Fixture, "a batch does not wait for samples that come only after an answer") {
  issue(2);
  batcher.announce_pause(2);
  const auto rows = take(4, 1h);
  REQUIRE(rows);
  CHECK(rows->count == 2);
}

TEST_CASE_FIXTURE(Fixture, "after finish nothing is handed out, though rows are left") {
  issue(2);
  batcher.finish();
  CHECK(batcher.finished());
  CHECK_FALSE(take(4));
}

TEST_CASE_FIXTURE(Fixture, "after finish_when_taken the rest is handed out first") {
  issue(2);
  batcher.finish_when_taken();
  CHECK_FALSE(batcher.finished());
  CHECK(take(4));
  CHECK(batcher.finished());
  CHECK_FALSE(take(4));
}

TEST_CASE_FIXTURE(Fixture, "the largest preferred size that there are samples for does not wait") {
  issue(3);
  CHECK_FALSE(take(16, 1h, {4, 8}));
  issue(4);
  CHECK(take(16, 1h, {4, 8})->count == 4);
  CHECK_FALSE(take(16, 1h, {4, 8}));
  issue(6);
  CHECK(take(16, 1h, {4, 8})->count == 8);
  issue(20);
  CHECK(take(16, 1h, {4, 8})->count == 16);
}

TEST_CASE_FIXTURE(Fixture, "what has waited long enough goes, of whatever size") {
  issue(3);
  CHECK_FALSE(take(16, 10ms, {4, 8}));
  clock.advance(clock.now() + 10ms);
  CHECK(take(16, 10ms, {4, 8})->count == 3);
}

TEST_CASE_FIXTURE(Fixture, "batches are counted by size, and very large ones together") {
  issue(200'007);
  take(2);
  take(2);
  take(3);
  take(100'000);
  take(100'000);
  CHECK(batcher.batches_of(2) == 2);
  CHECK(batcher.batches_of(3) == 1);
  CHECK(batcher.batches_of(Batcher::kLargestCounted) == 2);
  CHECK(batcher.batches_of(1) == 0);
}

TEST_CASE_FIXTURE(Fixture, "a bell rings once for each time that it is armed") {
  const int bell = eventfd(0, EFD_NONBLOCK);
  REQUIRE(bell >= 0);
  const auto rings = [bell] {
    std::uint64_t count = 0;
    return read(bell, &count, sizeof count) == sizeof count ? count : 0;
  };
  batcher.ring(bell);
  issue(1);
  CHECK(rings() == 0);  // nobody has armed it
  batcher.arm();
  issue(1);
  issue(2);
  CHECK(rings() == 1);
  CHECK(take(10)->count == 4);
  issue(1);
  CHECK(rings() == 0);
  batcher.arm();
  CHECK(take(10)->count == 1);  // what came before it was armed is there
  issue(1);
  CHECK(rings() == 1);
  batcher.arm();
  batcher.announce();
  issue(1);
  CHECK(rings() == 1);  // who was told that rows are about to come is awake when they do
  close(bell);
}
