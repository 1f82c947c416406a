// SPDX-License-Identifier: Apache-2.0
#include "record/tally.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace loadgen;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kRing = 6;

RecordSettings ring() {
  RecordSettings settings;
  settings.ring_rows = kRing;
  settings.tokens = true;
  return settings;
}

Instant at(std::int64_t ns) { return from_stamp(1'000'000 + ns); }

// Issues a row that is due at `due`, as the issuer does.
void issue(Record& record, std::uint64_t row, std::int64_t due, std::int64_t issued) {
  if (row >= kRing) record.reopen({row, 1});
  record.set_scheduled(row, at(due));
  record.set_issued({row, 1}, at(issued));
  record.publish(row + 1);
}

}  // namespace

TEST_CASE("what is counted of a row: its durations, its tokens, and what became of it") {
  Record record{ring(), Clock{}};
  Tally tally{record, {1, Duration{200}, {}, {}}};
  issue(record, 0, 0, 10);
  record.first_token({0, 1}, at(40));
  record.add_tokens({0, 1}, at(50), 2);
  record.complete({0, 1}, at(110), {});
  issue(record, 1, 100, 100);
  record.complete({1, 1}, at(301), {});
  issue(record, 2, 200, 230);
  Answer failed;
  failed.status = kFailed;
  record.complete({2, 1}, at(260), failed);
  issue(record, 3, 300, 300);
  tally.harvest(4);
  const auto& counts = tally.counts();
  CHECK(counts.completed == 2);
  CHECK(counts.failed == 1);
  CHECK(counts.missing == 1);
  CHECK(counts.n_tokens == 3);
  CHECK(counts.without_tokens == 1);
  CHECK(from_stamp(counts.latest_done) == at(301));
  CHECK(counts.final_done == 0);  // the last row had no answer
  CHECK(tally.latency().histogram.count() == 2);
  CHECK(tally.latency().min == 110);
  CHECK(tally.latency().histogram.max() == 201ns);
  CHECK(tally.latency().sum_low == 311);
  CHECK(tally.latency().above_limit == 1);
  CHECK(tally.service_time().sum_low == 301);
  CHECK(tally.issue_delay().histogram.count() == 4);
  CHECK(tally.issue_delay().sum_low == 40);
  CHECK(tally.ttft().sum_low == 40);
  CHECK(tally.tpot().sum_low == 35);  // (110 - 40) / (3 - 1)
}

TEST_CASE("a sample is good within all limits at once, each of which its value may equal") {
  struct Case {
    std::int64_t first_token, n_tokens, completed;
    bool by_ttft, by_tpot, by_both, by_latency;
  };
  // Limits: TTFT 20, TPOT 10, latency 60. A sample that is given no first token has 0 for it.
  const std::vector<Case> cases{
      {20, 5, 60, true, true, true, true},     // all at their limits
      {21, 4, 51, false, true, false, true},   // the first token too late
      {20, 5, 61, true, true, true, false},    // 41 / 4, truncated, is 10
      {20, 5, 64, true, false, false, false},  // 44 / 4 = 11
      {10, 1, 500, true, true, true, false},   // one token has no time per token
      {0, 5, 30, false, false, false, true},   // without a first token no time is known
      {10, 0, 30, false, false, false, true},  // nor without tokens
  };
  const auto good = [&](const TallySettings& settings, std::size_t number) {
    const Case& each = cases[number];
    Record record{ring(), Clock{}};
    Tally tally{record, settings};
    issue(record, 0, 0, 3);
    if (each.first_token > 0) record.first_token({0, 1}, at(each.first_token));
    Answer answer;
    answer.n_tokens = {&each.n_tokens, 1};
    record.complete({0, 1}, at(each.completed), answer);
    tally.harvest(1);
    CHECK(tally.counts().one_token == (each.n_tokens == 1 ? 1 : 0));
    return tally.counts().good == 1;
  };
  for (std::size_t number = 0; number < cases.size(); ++number) {
    CAPTURE(number);
    CHECK(good({1, Duration{60}, Duration{20}, {}}, number) == cases[number].by_ttft);
    CHECK(good({1, Duration{60}, {}, Duration{10}}, number) == cases[number].by_tpot);
    CHECK(good({1, Duration{60}, Duration{20}, Duration{10}}, number) == cases[number].by_both);
    CHECK(good({1, Duration{60}, {}, {}}, number) == cases[number].by_latency);
    CHECK_FALSE(good({1, {}, {}, {}}, number));  // no limit is judged
  }
}

TEST_CASE("samples that failed or have no answer are not good") {
  Record record{ring(), Clock{}};
  Tally tally{record, {1, Duration{60}, {}, {}}};
  Answer failed;
  failed.status = kFailed;
  for (std::uint64_t row = 0; row < 3; ++row) issue(record, row, 0, 0);
  record.complete({0, 1}, at(10), failed);
  record.complete({1, 1}, at(10), {});
  tally.harvest(3);
  CHECK(tally.counts().good == 1);
}

TEST_CASE("a query lasts until the last of its samples, and does not count when one of them failed") {
  RecordSettings settings = ring();
  settings.tokens = false;
  settings.instants = InstantColumns::IssuedOnly;
  Record record{settings, Clock{}};
  Tally tally{record, {3, {}, {}, {}}};
  record.set_issued({0, 6}, at(0));
  record.publish(6);
  for (const std::uint64_t row : {2, 0, 1}) record.complete({row, 1}, at(10 + 10 * static_cast<int>(row)), {});
  record.complete({3, 2}, at(50), {});
  tally.harvest(5);  // only whole queries
  CHECK(tally.harvested() == 3);
  CHECK(tally.latency().sum_low == 30);
  tally.harvest(6);
  CHECK(tally.latency().histogram.count() == 1);
  CHECK(tally.counts().completed == 5);
  CHECK(tally.counts().missing == 1);
}

TEST_CASE("places are used again and again, and an answer reaches only the row that it is for") {
  Record record{ring(), Clock{}};
  Tally tally{record, {}};
  constexpr std::uint64_t kRows = 40;
  for (std::uint64_t row = 0; row < kRows; ++row) {
    if (row >= kRing) tally.harvest(row + 1 - kRing);
    issue(record, row, static_cast<std::int64_t>(row) * 100, static_cast<std::int64_t>(row) * 100);
    CHECK_FALSE(record.is_done(row));
    if (row >= kRing) {
      CHECK(record.is_done(row - kRing));
      CHECK(record.complete({row - kRing, 1}, at(1), {}) == 0);
      record.first_token({row - kRing, 1}, at(1));
    }
    CHECK(record.complete({row, 1}, at(static_cast<std::int64_t>(row) * 100 + 7), {}) == 1);
    CHECK(record.is_done(row));
  }
  record.close(tally.harvested());
  tally.harvest(kRows);
  CHECK(tally.counts().completed == kRows);
  CHECK(tally.latency().sum_low == 7 * kRows);
  CHECK(record.violations().get(Violation::Repeated).count == kRows - kRing);
  CHECK(record.violations().get(Violation::FirstTokenLate).count == kRows - kRing);
}

TEST_CASE("a row that is never answered is missing, and its late answer is refused") {
  Record record{ring(), Clock{}};
  Tally tally{record, {}};
  issue(record, 0, 0, 0);
  tally.harvest(1);
  CHECK(tally.counts().missing == 1);
  CHECK(record.complete({0, 1}, at(5), {}) == 0);
  CHECK(record.violations().get(Violation::Late).count == 1);
}

TEST_CASE("a row is open until it is answered or taken, each time round") {
  Record record{ring(), Clock{}};
  Tally tally{record, {}};
  for (const std::uint64_t row : {std::uint64_t{0}, kRing, 2 * kRing}) {
    issue(record, row, 0, 0);
    CHECK(record.is_open(row));
    if (row > 0) record.complete({row, 1}, at(1), {});
    if (row == 0) tally.harvest(1);
    CHECK_FALSE(record.is_open(row));
  }
}

TEST_CASE("rows that are handed over together lie together, and never fill the ring") {
  const Record record{ring(), Clock{}};
  CHECK(record.together(0) == 3);
  CHECK(record.together(4) == 2);
  CHECK(record.together(kRing * 5 + 5) == 1);
}

TEST_CASE("a sum goes on above 64 bits") {
  DurationTally tally;
  for (int i = 0; i < 3; ++i) tally.add(Duration::max());
  CHECK(tally.sum_high == 1);
  CHECK(tally.sum_low == 3 * static_cast<std::uint64_t>(Duration::max().count()));
}
