// SPDX-License-Identifier: Apache-2.0
#include "record/token_times.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <vector>

#include "base/error.hpp"
#include "record/record.hpp"

using namespace loadgen;

namespace {

RecordSettings with_tokens(bool times = false) {
  RecordSettings settings;
  settings.max_rows = 1 << 20;
  settings.tokens = true;
  settings.token_times = times;
  return settings;
}

Instant stamp(std::int64_t ns) { return from_stamp(1'000 + ns); }

struct Bucket {
  std::uint64_t smallest, largest, count;
  bool operator==(const Bucket&) const = default;
};

std::vector<Bucket> buckets(const TokenGaps& gaps) {
  std::vector<Bucket> found;
  gaps.for_each(
      [&](std::uint64_t low, std::uint64_t high, std::uint64_t count) { found.push_back({low, high, count}); });
  return found;
}

// What the log has of rows 0 to n_rows - 1, in their order.
std::vector<std::vector<std::int64_t>> logged(Record& record, std::uint64_t n_rows) {
  const TokenTable table = record.tokens()->log()->by_row(n_rows, [](std::uint64_t row) { return row; });
  std::vector<std::vector<std::int64_t>> rows;
  for (std::uint64_t row = 0; row < n_rows; ++row) {
    rows.emplace_back();
    for (std::uint64_t i = table.begins[row]; i < table.begins[row + 1]; ++i)
      rows.back().push_back(table.at[i] - 1'000);
  }
  return rows;
}

}  // namespace

TEST_CASE("a gap is the time since the row's token before, and tokens that come together are one arrival") {
  Record record{with_tokens(), Clock{}};
  record.publish(2);
  record.first_token({0, 1}, stamp(0));
  record.add_tokens({1, 1}, stamp(5), 3);  // the first of its row: no gap
  record.add_tokens({0, 2}, stamp(12), 1);
  record.add_tokens({0, 1}, stamp(112), 50);
  TokenGaps& gaps = record.tokens()->gaps();
  CHECK(buckets(gaps) == std::vector<Bucket>{{7, 7, 1}, {12, 12, 1}, {100, 100, 1}});
  CHECK(gaps.min() == 7);
  CHECK(gaps.max() == 100);
  CHECK(record.n_tokens_column()[0] == 52);
  gaps.reset();
  CHECK(buckets(gaps).empty());
  CHECK(gaps.min() == 0);
  CHECK(gaps.max() == 0);
  record.add_tokens({0, 1}, stamp(115), 1);  // what came before the reset is still its token before
  CHECK(buckets(gaps) == std::vector<Bucket>{{3, 3, 1}});
}

TEST_CASE("long gaps are counted within 1/2048 of their size, and the extremes exactly") {
  Record record{with_tokens(), Clock{}};
  record.publish(1);
  record.first_token({0, 1}, stamp(0));
  record.add_tokens({0, 1}, stamp(20'000'001), 1);
  record.add_tokens({0, 1}, stamp(20'000'001 + 20'000'003), 1);
  TokenGaps& gaps = record.tokens()->gaps();
  CHECK(gaps.min() == 20'000'001);
  CHECK(gaps.max() == 20'000'003);
  const auto found = buckets(gaps);
  REQUIRE(found.size() == 1);
  CHECK(found[0].count == 2);
  CHECK(found[0].smallest <= 20'000'001);
  CHECK(found[0].largest >= 20'000'003);
  CHECK(found[0].largest - found[0].smallest < 20'000'001 / 2'048);
}

TEST_CASE("a token that is refused leaves no gap") {
  Record record{with_tokens(true), Clock{}};
  record.publish(1);
  record.first_token({0, 1}, stamp(0));
  CHECK_FALSE(record.first_token({0, 1}, stamp(3)));
  CHECK_FALSE(record.add_tokens({0, 1}, stamp(4), 0));
  CHECK_FALSE(record.add_tokens({0, 1}, stamp(4), -1));
  record.add_tokens({0, 1}, stamp(10), 1);
  record.complete({0, 1}, stamp(11), {});
  CHECK_FALSE(record.add_tokens({0, 1}, stamp(20), 1));
  CHECK(buckets(record.tokens()->gaps()) == std::vector<Bucket>{{10, 10, 1}});
  record.close(0);
  CHECK(logged(record, 1) == std::vector<std::vector<std::int64_t>>{{0, 10}});
}

TEST_CASE("a token that was read before one that is there already has no gap, never a negative one") {
  Record record{with_tokens(), Clock{}};
  record.publish(1);
  record.first_token({0, 1}, stamp(10));
  record.add_tokens({0, 1}, stamp(4), 1);   // before the first
  record.add_tokens({0, 1}, stamp(30), 1);  // 20 after it
  record.add_tokens({0, 1}, stamp(25), 1);  // before the latest
  record.add_tokens({0, 1}, stamp(31), 1);  // 1 after the latest
  CHECK(buckets(record.tokens()->gaps()) == std::vector<Bucket>{{0, 0, 2}, {1, 1, 1}, {20, 20, 1}});
}

TEST_CASE("a place that is used again does not know the row's tokens that lay there before") {
  RecordSettings settings = with_tokens();
  settings.ring_rows = 4;
  Record record{settings, Clock{}};
  record.publish(1);
  record.first_token({0, 1}, stamp(0));
  record.add_tokens({0, 1}, stamp(5), 1);
  record.complete({0, 1}, stamp(6), {});
  record.seal(0);
  record.reopen({4, 1});
  record.publish(5);
  record.add_tokens({4, 1}, stamp(100), 1);
  record.add_tokens({4, 1}, stamp(108), 1);
  CHECK(buckets(record.tokens()->gaps()) == std::vector<Bucket>{{5, 5, 1}, {8, 8, 1}});
}

TEST_CASE("without tokens there is nothing of them, and their instants are kept only when asked for") {
  RecordSettings settings;
  settings.max_rows = 1 << 20;
  Record without{settings, Clock{}};
  CHECK(without.tokens() == nullptr);
  CHECK(without.add_tokens({0, 1}, stamp(0), 1));
  Record counting{with_tokens(), Clock{}};
  CHECK(counting.tokens()->log() == nullptr);
}

TEST_CASE("the log has each row's instants in their order, of the rows that have a place") {
  Record record{with_tokens(true), Clock{}};
  record.publish(4);
  record.first_token({0, 4}, stamp(10));
  record.add_tokens({2, 1}, stamp(30), 1);
  record.add_tokens({1, 2}, stamp(20), 9);
  record.close(0);
  const std::vector<std::vector<std::int64_t>> all{{10}, {10, 20}, {10, 20, 30}, {10}};
  CHECK(logged(record, 4) == all);
  const auto* log = record.tokens()->log();
  // Row 0 is the warm-up's; the others are turned round.
  const TokenTable turned = log->by_row(3, [](std::uint64_t row) { return row == 0 ? 99 : 3 - row; });
  CHECK(turned.begins == std::vector<std::uint64_t>{0, 1, 4, 6});
  CHECK(turned.at == std::vector<std::int64_t>{1'010, 1'010, 1'020, 1'030, 1'010, 1'020});
  record.tokens()->log()->forget();
  CHECK(logged(record, 4) == std::vector<std::vector<std::int64_t>>(4));
}

TEST_CASE("what a log of another process left half written is no event, and what comes too late is refused") {
  Ranges ranges{Backing::Memfd};
  TokenLog log{ranges, TokenLog::kSmallest};
  // Another mapping of the same memory, in which a place was taken and its row written: its process died there.
  Ranges same{getpid(), ranges.made()};
  const ReservedRange state = same.reserve(ranges.made()[0].bytes);
  const ReservedRange events = same.reserve(ranges.made()[1].bytes);
  CHECK(log.append(0, 5));
  std::atomic_ref{*reinterpret_cast<std::uint64_t*>(state.data())}.fetch_add(1, std::memory_order_relaxed);
  reinterpret_cast<std::uint64_t*>(events.data())[2] = 1;
  CHECK(log.append(1, 7));
  log.close();
  log.close();  // nothing more happens
  CHECK_FALSE(log.append(0, 9));
  const TokenTable table = log.by_row(2, [](std::uint64_t row) { return row; });
  CHECK(table.begins == std::vector<std::uint64_t>{0, 1, 2});
  CHECK(table.at == std::vector<std::int64_t>{5, 7});
}

TEST_CASE("a log that is full says so") {
  Ranges ranges;
  TokenLog log{ranges, TokenLog::kSmallest};
  constexpr std::uint64_t kRoom = TokenLog::kSmallest / 16;
  std::uint64_t kept = 0;
  for (std::uint64_t i = 0; i < kRoom + 3; ++i) kept += log.append(0, 1) ? 1 : 0;
  CHECK(kept == kRoom);
  log.close();
  CHECK(log.by_row(1, [](std::uint64_t row) { return row; }).at.size() == kRoom);
  CHECK_THROWS_AS((TokenLog{ranges, TokenLog::kSmallest / 2}), Error);
}

TEST_CASE("a row that is handed out again has only the tokens that it got since") {
  Ranges ranges{Backing::Memfd};
  Record record{with_tokens(true), Clock{}, ranges};
  record.publish(2);
  record.claim(0, 7);
  record.add_tokens({0, 2}, stamp(10), 1);
  record.add_tokens({0, 1}, stamp(20), 1);
  CHECK(record.release_from(0, 7));
  CHECK(record.first_token_column()[0] == 0);
  record.first_token({0, 1}, stamp(15));  // of clocks that differ: not told apart by the instant
  record.add_tokens({0, 2}, stamp(40), 1);
  record.close(0);
  CHECK(logged(record, 2) == std::vector<std::vector<std::int64_t>>{{15, 40}, {10, 40}});
  // What the one that is gone had counted stays counted.
  CHECK(buckets(record.tokens()->gaps()) == std::vector<Bucket>{{10, 10, 1}, {25, 25, 1}, {30, 30, 1}});
}
