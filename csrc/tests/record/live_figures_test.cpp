// SPDX-License-Identifier: Apache-2.0
#include "record/live_figures.hpp"

#include <doctest/doctest.h>

using namespace loadgen;

namespace {

constexpr std::int64_t kGap = 1'000;

Instant moment(std::int64_t ns) { return from_stamp(1'000'000 + ns); }
double percentile(const DurationHistogram& histogram, double fraction) {
  return static_cast<double>(histogram.percentile(fraction).count());
}
// What a percentile may be read as: the upper edge of the bucket.
doctest::Approx about(double ns) { return doctest::Approx{ns}.epsilon(0.008); }

// A record whose row r of each part is due at r * kGap, and issued `late` ns after that.
struct Rows {
  explicit Rows(const RecordSettings& settings = {}) : record{settings, Clock{}} {}
  void issue(std::uint64_t count, std::int64_t late = 0, std::uint32_t part = 0) {
    for (; count > 0; --count) {
      const std::uint64_t row = record.head(part);
      const auto number = static_cast<std::int64_t>(row - record.part_begin(part));
      if (record.settings().ring_rows > 0 && row >= record.settings().ring_rows) record.reopen({row, 1});
      record.set_scheduled(row, moment(number * kGap));
      record.set_issued({row, 1}, moment(number * kGap + late));
      record.publish(row + 1, part);
    }
  }
  void answer(std::uint64_t first, std::uint64_t count, std::int64_t latency, RowStatus status = kOk) {
    Answer given;
    given.status = status;
    for (std::uint64_t row = first; row < first + count; ++row) {
      const std::uint32_t part = record.parts() > 1 && row >= record.part_begin(1) ? 1 : 0;
      const auto number = static_cast<std::int64_t>(row - record.part_begin(part));
      record.complete({row, 1}, moment(number * kGap + latency), given);
    }
  }
  Record record;
};

}  // namespace

TEST_CASE("each query is counted once, however often one looks") {
  Rows rows;
  LiveFigures seen{rows.record, 1, {}};
  rows.issue(10'000, 7);
  rows.answer(0, 10'000, 100);
  for (const std::uint64_t answered : {0, 1, 1, 8'193, 10'000, 10'000}) seen.look(answered);
  CHECK(seen.latency().count() == 10'000);
  CHECK(seen.issue_delay().count() == 10'000);
  CHECK(percentile(seen.latency(), 0.5) == about(100));
  CHECK(percentile(seen.issue_delay(), 0.99) == 7);
  CHECK(seen.failed() == 0);
  CHECK(seen.exact());
}

TEST_CASE("an answer that others overtook is counted when it comes") {
  Rows rows;
  LiveFigures seen{rows.record, 1, {}};
  rows.issue(10);
  rows.answer(0, 2, 100);
  rows.answer(3, 7, 100);
  seen.look(9);
  CHECK(seen.latency().count() == 8);  // rows 0 to 8 but for row 2
  rows.answer(2, 1, 1'000);
  seen.look(10);
  CHECK(seen.latency().count() == 10);
  CHECK(percentile(seen.latency(), 1) == about(1'000));
}

TEST_CASE("of many that were overtaken each is counted in the end, by a bounded number a look") {
  Rows rows;
  LiveFigures seen{rows.record, 1, {}};
  rows.issue(200'000);
  seen.look(150'000);  // so many answers, but of none of these rows
  CHECK(seen.latency().count() == 0);
  rows.answer(0, 200'000, 100);
  seen.look(200'000);
  CHECK(seen.latency().count() >= 150'000);
  seen.look(200'000);
  CHECK(seen.latency().count() == 200'000);
  CHECK_FALSE(seen.exact());
}

TEST_CASE("of a flood an even part stands for all") {
  Rows rows;
  LiveFigures seen{rows.record, 1, {}};
  rows.issue(400'000);
  for (std::uint64_t row = 0; row < 400'000; ++row)
    rows.answer(row, 1, static_cast<std::int64_t>(1 + row * 7919 % 1'000'003), row % 101 == 0 ? kFailed : kOk);
  seen.look(1'000);  // few: each counts once, and not more than each of the many later
  CHECK(seen.exact());
  seen.look(400'000);
  CHECK_FALSE(seen.exact());
  CHECK(seen.latency().count() + seen.failed() == 400'000);
  CHECK(static_cast<double>(seen.failed()) == doctest::Approx{3'960}.epsilon(0.2));
  CHECK(percentile(seen.latency(), 0.5) == doctest::Approx{500'000}.epsilon(0.02));
  CHECK(percentile(seen.latency(), 0.99) == doctest::Approx{990'000}.epsilon(0.02));
}

TEST_CASE("a failed query has no latency") {
  Rows rows;
  LiveFigures seen{rows.record, 1, {}};
  rows.issue(6);
  rows.answer(0, 5, 100);
  rows.answer(5, 1, 100, kFailed);
  seen.look(6);
  CHECK(seen.latency().count() == 5);
  CHECK(seen.failed() == 1);
}

TEST_CASE("a query of several samples is answered by its last one, and fails by any") {
  Rows rows;
  LiveFigures seen{rows.record, 3, {}};
  rows.issue(6);
  rows.answer(0, 1, 100);
  rows.answer(1, 1, 5'000);
  rows.answer(2, 1, 200);
  rows.answer(3, 1, 100, kFailed);
  rows.answer(4, 1, 100);
  seen.look(5);  // the second is not whole
  CHECK(seen.latency().count() == 1);
  CHECK(percentile(seen.latency(), 1) == about(kGap + 5'000));  // since the query was due
  rows.answer(5, 1, 100);
  seen.look(6);
  CHECK(seen.latency().count() == 1);
  CHECK(seen.failed() == 1);
}

TEST_CASE("rows that were there before the series are left out") {
  Rows rows;
  rows.issue(6);
  rows.answer(0, 6, 5'000);
  LiveFigures seen{rows.record, 1, {}};
  rows.issue(4);
  rows.answer(6, 4, 100);
  seen.look(4);
  CHECK(seen.latency().count() == 4);
  CHECK(percentile(seen.latency(), 1) == about(100));
}

TEST_CASE("rows of several issuing threads are all looked at") {
  RecordSettings settings;
  settings.parts = 2;
  Rows rows{settings};
  LiveFigures seen{rows.record, 1, {}};
  rows.issue(30);
  rows.issue(10, 0, 1);
  rows.answer(0, 30, 100);
  rows.answer(rows.record.part_begin(1), 10, 500);
  seen.look(40);
  CHECK(seen.latency().count() == 40);
  CHECK(percentile(seen.latency(), 0.74) == about(100));
  CHECK(percentile(seen.latency(), 0.76) == about(500));
}

TEST_CASE("what is all due at once has a latency since then, and no issue delay") {
  RecordSettings settings;
  settings.instants = InstantColumns::None;
  Rows rows{settings};
  LiveFigures seen{rows.record, 1, moment(-1'000)};
  rows.issue(4);
  rows.record.complete({0, 4}, moment(100), {});
  seen.look(4);
  CHECK(seen.latency().count() == 4);
  CHECK(seen.issue_delay().count() == 0);
  CHECK(percentile(seen.latency(), 0.5) == about(1'100));
}

TEST_CASE("in a ring rows are read before their places are used again; else the latest half of the places") {
  RecordSettings settings;
  settings.ring_rows = 100;
  Rows rows{settings};
  LiveFigures seen{rows.record, 1, {}};
  const auto go_on = [&](std::uint64_t count) {
    const std::uint64_t first = rows.record.head();
    for (std::uint64_t row = first; row < first + count; ++row) {
      rows.issue(1);
      rows.answer(row, 1, 1'000 * static_cast<std::int64_t>(row + 1));
    }
    seen.look(rows.record.head());
  };
  for (const std::uint64_t count : {1, 2, 30, 50, 50, 50, 17}) go_on(count);
  CHECK(seen.latency().count() == 200);
  CHECK(percentile(seen.latency(), 0.5) == about(101'000));
  go_on(1'000);
  CHECK(seen.latency().count() == 250);
  CHECK(percentile(seen.latency(), 0.8) == about(1'151'000));
}

TEST_CASE("an open row of a ring is counted when it is answered, and not any more when its place may be used") {
  RecordSettings settings;
  settings.ring_rows = 100;
  Rows rows{settings};
  LiveFigures seen{rows.record, 1, {}};
  rows.issue(120);
  rows.answer(70, 20, 100);
  rows.answer(91, 29, 100);
  seen.look(120);
  CHECK(seen.latency().count() == 49);
  rows.answer(90, 1, 100);
  seen.look(120);
  CHECK(seen.latency().count() == 50);
  rows.issue(20);
  seen.look(140);
  rows.issue(60);
  rows.answer(130, 70, 100);
  seen.look(200);
  CHECK(seen.latency().count() == 100);  // the latest 50, and those of before
}
