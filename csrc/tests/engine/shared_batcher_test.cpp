// SPDX-License-Identifier: Apache-2.0
// Several processes that take rows of one record: all of them within this one, each with its own mapping.
#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>
#include <vector>

#include "base/error.hpp"
#include "engine/batcher.hpp"

using namespace loadgen;
using namespace std::chrono_literals;

namespace {

RecordSettings settings() {
  RecordSettings settings;
  settings.max_rows = 1 << 20;
  settings.tokens = true;
  settings.keep_outputs = KeepOutputs::All;
  return settings;
}

// The process that issues, or one that joins it.
struct Member {
  Ranges ranges;
  Record record;
  Batcher batcher;

  explicit Member(Ranges from)
      : ranges{std::move(from)}, record{settings(), Clock{}, ranges}, batcher{record, ranges} {}

  std::optional<RowRange> take(std::uint64_t max_size) {
    return batcher.take({max_size, 0ns, record.clock().now(), {}});
  }
  void issue(std::uint64_t rows) {
    const std::uint64_t first = record.head();
    record.set_issued({first, rows}, record.clock().now());
    record.publish(first + rows);
    batcher.published(rows, 1ms);
  }
  void answer(RowRange rows) { record.complete(rows, record.clock().now(), {}); }
};

struct Sharing {
  Member issuer{Ranges{Backing::Memfd}};
  Member first{joining()};
  Member second{joining()};

  [[nodiscard]] Ranges joining() const { return Ranges{getpid(), issuer.ranges.made()}; }
  std::vector<std::pair<std::uint16_t, std::int64_t>> takers() {
    std::vector<std::pair<std::uint16_t, std::int64_t>> found;
    issuer.batcher.takers().for_each(
        [&](std::uint16_t taker, std::int64_t process) { found.emplace_back(taker, process); });
    return found;
  }
};

}  // namespace

TEST_CASE_FIXTURE(Sharing, "each has other rows, and answers are seen by all") {
  issuer.issue(5);
  const auto mine = first.take(2);
  const auto yours = second.take(2);
  const auto rest = issuer.take(2);
  REQUIRE(mine);
  REQUIRE(yours);
  REQUIRE(rest);
  CHECK(mine->first == 0);
  CHECK(yours->first == 2);
  CHECK(rest->first == 4);
  CHECK(rest->count == 1);
  first.answer(*mine);
  CHECK(issuer.record.is_done(1));
  CHECK(second.record.is_done(1));
  CHECK_FALSE(issuer.record.is_done(2));
  // Whichever process: the first answer stands.
  second.answer(*mine);
  CHECK(issuer.record.violations().get(Violation::Repeated).count == 2);
}

TEST_CASE_FIXTURE(Sharing, "who joins has a number of its own, which is free again when its rows were released") {
  REQUIRE(takers().size() == 2);
  CHECK(takers()[0].first != takers()[1].first);
  CHECK(takers()[0].second == getpid());
  first.batcher.leave();
  CHECK(takers()[0].second == Takers::kLeft);
  issuer.batcher.takers().free(takers()[0].first);
  CHECK(takers().size() == 1);
  CHECK(issuer.batcher.takers().joined() == 2);
}

TEST_CASE_FIXTURE(Sharing, "what one that is gone has not answered is handed out again, once") {
  issuer.issue(20);
  REQUIRE(first.take(8)->count == 8);
  const auto kept = second.take(4);
  first.answer({2, 3});
  first.record.first_token({5, 1}, first.record.clock().now());
  CHECK(first.batcher.open_rows() == 5);
  CHECK(issuer.batcher.release(takers()[0].first) == 5);
  CHECK(issuer.record.violations().get(Violation::Redelivered).count == 5);
  std::vector<std::uint64_t> again;
  while (const auto rows = issuer.take(100)) {
    for (std::uint64_t row = rows->first; row < rows->first + rows->count; ++row) again.push_back(row);
    issuer.answer(*rows);
  }
  CHECK(again == std::vector<std::uint64_t>{0, 1, 5, 6, 7, 12, 13, 14, 15, 16, 17, 18, 19});
  second.answer(*kept);
  CHECK(issuer.record.first_open(0, 20) == 20);
  CHECK(issuer.record.n_tokens_column()[5] == 0);
  CHECK(issuer.record.violations().get(Violation::Repeated).count == 0);
  CHECK(issuer.batcher.release(takers()[0].first) == 0);
}

TEST_CASE_FIXTURE(Sharing, "a row that was answered after it was released is not handed out") {
  issuer.issue(3);
  REQUIRE(first.take(3));
  issuer.batcher.release(takers()[0].first);
  second.answer({1, 1});
  CHECK(second.take(8)->count == 1);
  const auto rest = second.take(8);
  REQUIRE(rest);
  CHECK(rest->first == 2);
}

TEST_CASE_FIXTURE(Sharing, "a claim of one that died while it answered is taken back") {
  issuer.issue(1);
  const auto rows = first.take(1);
  REQUIRE(rows);
  const_cast<std::int64_t*>(first.record.completed_column())[0] = Record::kClaimed;
  CHECK(issuer.batcher.release(takers()[0].first) == 1);
  const auto again = second.take(1);
  REQUIRE(again);
  second.answer(*again);
  CHECK(issuer.record.is_done(0));
}

TEST_CASE_FIXTURE(Sharing, "a run that ends is not held up by a claim of one that died") {
  issuer.issue(1);
  const_cast<std::int64_t*>(first.record.completed_column())[0] = Record::kClaimed;
  issuer.record.close(0);
  CHECK(issuer.record.completed_column()[0] == Record::kClosed);
  CHECK(issuer.record.status_column()[0] == kMissing);
}

TEST_CASE_FIXTURE(Sharing, "all that was taken is no end, since it may have to be handed out again") {
  issuer.issue(1);
  issuer.batcher.finish_when_taken();
  REQUIRE(first.take(1));
  CHECK_FALSE(second.batcher.finished());
  issuer.batcher.release(takers()[0].first);
  CHECK(second.take(1));
  issuer.batcher.finish();
  CHECK(second.batcher.finished());
}

TEST_CASE_FIXTURE(Sharing, "who leaves takes nothing more, not even by a thread that waits") {
  std::optional<RowRange> taken = RowRange{};
  std::thread waits{[&] { taken = first.batcher.take({1, 0ns, std::nullopt, {}}); }};
  first.batcher.leave();
  waits.join();
  CHECK_FALSE(taken);
  issuer.issue(1);
  CHECK(first.batcher.finished());
  CHECK_FALSE(first.batcher.ended());
  CHECK_FALSE(first.take(1));
  CHECK(second.take(1)->count == 1);
}

TEST_CASE_FIXTURE(Sharing, "a forked child neither leaves for its parent nor waits for its threads") {
  std::thread waits{[&] { (void)first.batcher.take({1, 0ns, std::nullopt, {}}); }};
  std::this_thread::sleep_for(20ms);  // it is in take() by then
  const pid_t child = fork();
  if (child == 0) {
    alarm(10);
    first.batcher.stop_taking();
    first.batcher.leave();
    _exit(0);
  }
  int status = -1;
  waitpid(child, &status, 0);
  CHECK(status == 0);
  CHECK_FALSE(first.batcher.finished());
  issuer.issue(1);
  waits.join();
}

TEST_CASE_FIXTURE(Sharing, "rows that were released are as new, and those with an answer keep it") {
  issuer.issue(2);
  const auto rows = first.take(2);
  REQUIRE(rows->count == 2);
  second.answer({0, 1});  // by id
  first.batcher.leave();
  CHECK(issuer.batcher.release(takers()[0].first) == 1);
  const auto again = second.take(2);
  CHECK(again->first == 1);
  CHECK(again->count == 1);
  second.answer(*again);
  CHECK(issuer.record.is_done(0));
  CHECK(issuer.record.is_done(1));
}

TEST_CASE_FIXTURE(Sharing, "kinds of answers have the same numbers everywhere") {
  CHECK(issuer.record.payload()->kinds_table().find_or_add("bytes") == 0);
  CHECK(first.record.payload()->kinds_table().find_or_add("json") == 1);
  CHECK(second.record.payload()->kinds_table().find_or_add("json") == 1);
  CHECK(second.record.payload()->kinds_table().find_or_add("bytes") == 0);
}

TEST_CASE_FIXTURE(Sharing, "failures of all are counted together, and wishes are heard") {
  issuer.issue(2);
  first.record.fail({0, 1}, first.record.clock().now(), "busy", "here");
  second.record.fail({1, 1}, second.record.clock().now(), "busy", "there");
  CHECK(issuer.record.failures().table().at("busy").count == 2);
  CHECK(issuer.record.failures().table().at("busy").example == "here");
  CHECK_FALSE(issuer.batcher.takers().abort_asked());
  second.batcher.takers().ask_to_abort("enough");
  first.batcher.takers().ask_to_abort("too much");
  CHECK(issuer.batcher.takers().abort_asked() == "enough");
  CHECK_FALSE(issuer.batcher.takers().asked_to_start());
  first.batcher.takers().ask_to_start();
  CHECK(issuer.batcher.takers().asked_to_start());
}

TEST_CASE_FIXTURE(Sharing, "a record that is not there, or is another one, is refused") {
  CHECK_THROWS_AS(Member{(Ranges{getpid(), {}})}, Error);
  auto made = issuer.ranges.made();
  made.back().bytes *= 2;
  CHECK_THROWS_AS(Member{(Ranges{getpid(), made})}, Error);
  made.back() = {12'345, issuer.ranges.made().back().bytes};
  CHECK_THROWS_AS(Member{(Ranges{getpid(), made})}, Error);
  CHECK(takers().size() == 2);
}

TEST_CASE_FIXTURE(Sharing, "no more join than there are numbers for") {
  for (std::size_t i = 2; i < Takers::kMost; ++i) CHECK(issuer.batcher.takers().join(1));
  CHECK_THROWS_AS(Member{joining()}, Error);
}
