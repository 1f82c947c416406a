// SPDX-License-Identifier: Apache-2.0
// Claims about threads: one winner a row, no write after close, no lost wake-up, each row taken once.
#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <cstring>
#include <latch>
#include <thread>
#include <vector>

#include "engine/run.hpp"
#include "engine/waiter.hpp"
#include "record/live_figures.hpp"

using namespace loadgen;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kRows = 20'000;

RecordSettings small() {
  RecordSettings settings;
  settings.max_rows = 1 << 20;
  return settings;
}

}  // namespace

TEST_CASE("of several threads that answer the same rows, exactly one wins each") {
  Record record{small(), Clock{}};
  record.publish(kRows);
  constexpr int kThreads = 4;
  std::latch start{kThreads};
  std::atomic<std::uint64_t> won{0};
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < kThreads; ++thread)
    threads.emplace_back([&, thread] {
      start.arrive_and_wait();
      const Instant at{Duration{1 + thread}};
      std::uint64_t mine = 0;
      for (std::uint64_t row = 0; row < kRows; ++row) mine += record.complete({row, 1}, at, {});
      won += mine;
    });
  threads.clear();
  CHECK(won == kRows);
  CHECK(record.violations().get(Violation::Repeated).count == kRows * (kThreads - 1));
}

TEST_CASE("whoever sees a row as done sees its bytes and its status") {
  RecordSettings settings = small();
  settings.keep_outputs = KeepOutputs::All;
  Record record{settings, Clock{}};
  record.publish(kRows);
  std::jthread writer{[&] {
    for (std::uint64_t row = 0; row < kRows; ++row) {
      const auto bytes = std::as_bytes(std::span{&row, 1});
      const std::array<std::uint16_t, 1> kinds{7};
      const std::array<std::span<const std::byte>, 1> outputs{bytes};
      Answer answer;
      answer.status = row % 2 == 0 ? kFailed : kOk;
      answer.kinds = kinds;
      answer.outputs = outputs;
      record.complete({row, 1}, Instant{Duration{1}}, answer);
    }
  }};
  std::uint64_t wrong = 0;
  for (std::uint64_t row = 0; row < kRows; ++row) {
    while (!record.is_done(row)) std::this_thread::yield();
    std::uint64_t value = 0;
    const Payload& payload = *record.payload();
    std::memcpy(&value, payload.bytes() + payload.offsets()[row] - 1, sizeof value);
    wrong += value != row || payload.kinds()[row] != 7 || record.status_column()[row] != (row % 2 == 0 ? kFailed : kOk);
  }
  CHECK(wrong == 0);
}

TEST_CASE("figures of a run that goes on are of whole rows, while they are issued and answered") {
  Record record{small(), Clock{}};
  LiveFigures figures{record, 1, {}};
  std::atomic<std::uint64_t> answered{0};
  std::jthread issuer{[&] {
    for (std::uint64_t row = 0; row < kRows; ++row) {
      record.set_scheduled(row, Instant{Duration{1 + static_cast<std::int64_t>(row)}});
      record.set_issued({row, 1}, Instant{Duration{4 + static_cast<std::int64_t>(row)}});
      record.publish(row + 1);
    }
  }};
  std::jthread system{[&] {
    Answer failed;
    failed.status = kFailed;
    for (std::uint64_t row = 0; row < kRows; ++row, ++answered) {
      while (record.head() <= row) std::this_thread::yield();
      record.complete({row, 1}, Instant{Duration{51 + static_cast<std::int64_t>(row)}},
                      row % 4 == 0 ? failed : Answer{});
    }
  }};
  while (figures.latency().count() + figures.failed() < kRows) figures.look(answered);
  CHECK(figures.failed() == doctest::Approx{kRows / 4}.epsilon(0.1));
  CHECK(figures.latency().percentile(0) == 50ns);
  CHECK(figures.latency().max() == 50ns);
  CHECK(figures.issue_delay().max() == 3ns);
}

TEST_CASE("answers are read whole, each once, while two threads append and their memory is given back") {
  Ranges ranges;
  Payload payload{kRows, ranges, true};
  std::atomic<std::uint64_t> lost{0};
  std::vector<std::jthread> writers;
  for (std::uint64_t first = 0; first < 2; ++first)
    writers.emplace_back([&, first] {
      for (std::uint64_t row = first; row < kRows; row += 2) {
        const std::vector<std::uint64_t> words(1 + row % 9, row);
        lost += payload.append(row, 0, std::as_bytes(std::span{words})) ? 0 : 1;
      }
    });
  std::vector<std::uint8_t> seen(kRows);
  std::uint64_t wrong = 0;
  std::uint64_t position = 0;
  for (std::uint64_t read = 0; read < kRows; ++read) {
    auto answer = payload.next(position);
    while (!answer && lost == 0) {
      std::this_thread::yield();
      answer = payload.next(position);
    }
    if (!answer) break;
    const std::uint64_t row = answer->row;
    std::vector<std::uint64_t> words(answer->bytes.size() / sizeof row);
    std::memcpy(words.data(), answer->bytes.data(), answer->bytes.size());
    wrong += row >= kRows || seen[row]++ != 0 || words != std::vector<std::uint64_t>(1 + row % 9, row);
    position = answer->end;
    payload.forget(position);
  }
  CHECK(wrong == 0);
  CHECK(lost == 0);
  CHECK_FALSE(payload.next(position));
}

TEST_CASE("closing while threads answer leaves every row either answered or missing, for good") {
  RecordSettings settings = small();
  settings.keep_outputs = KeepOutputs::All;
  Record record{settings, Clock{}};
  record.publish(kRows);
  std::atomic<std::uint64_t> answered{0};
  std::vector<std::jthread> threads;
  for (std::uint64_t part = 0; part < 2; ++part)
    threads.emplace_back([&, part] {
      const std::array<std::uint16_t, 1> kinds{1};
      const std::array<std::byte, 3> data{};
      const std::array<std::span<const std::byte>, 1> outputs{std::span<const std::byte>{data}};
      Answer answer;
      answer.kinds = kinds;
      answer.outputs = outputs;
      for (std::uint64_t row = part; row < kRows; row += 2)
        answered += record.complete({row, 1}, Instant{Duration{1}}, answer);
    });
  while (answered < kRows / 10) std::this_thread::yield();
  record.close(0);
  // relaxed: late answers only fail to exchange the cell, which is still an access in the eyes of the sanitizer
  const auto completed = [&](std::uint64_t row) {
    return std::atomic_ref{const_cast<std::int64_t&>(record.completed_column()[row])}.load(std::memory_order_relaxed);
  };
  std::uint64_t done = 0;
  std::uint64_t missing = 0;
  std::vector<std::int64_t> seen(kRows);
  for (std::uint64_t row = 0; row < kRows; ++row) {
    done += record.is_done(row) ? 1 : 0;
    missing += record.status_column()[row] == kMissing ? 1 : 0;
    seen[row] = completed(row);
  }
  threads.clear();
  CHECK(done + missing == kRows);
  CHECK(answered == done);
  std::uint64_t changed = 0;
  for (std::uint64_t row = 0; row < kRows; ++row) changed += completed(row) != seen[row];
  CHECK(changed == 0);
}

TEST_CASE("the issuing thread wakes for the row that it waits for, in every interleaving") {
  Record record{small(), Clock{}};
  const std::atomic<bool> aborted{false};
  const SutCalls calls;
  Waiter waiter{record, aborted, calls, {Pacing::Sleep, Priority::Normal, 1min}};
  std::atomic<std::uint64_t> issued{0};
  std::jthread completer{[&] {
    for (std::uint64_t row = 0; row < kRows / 10; ++row) {
      while (issued.load(std::memory_order_acquire) <= row) std::this_thread::yield();
      record.complete({row, 1}, record.clock().now(), {});
    }
  }};
  std::uint64_t ready = 0;
  for (std::uint64_t row = 0; row < kRows / 10; ++row) {
    record.publish(row + 1);
    issued.store(row + 1, std::memory_order_release);
    const RowRange open{row, 1};
    ready += waiter.until_answered(row, {&open, 1}) == WaitEnd::Ready ? 1 : 0;
  }
  CHECK(ready == kRows / 10);
}

TEST_CASE("several takers get each row once, and all leave when the run ends") {
  Record record{small(), Clock{}};
  Batcher batcher{record};
  std::vector<std::atomic<int>> taken(kRows);
  std::vector<std::jthread> takers;
  for (int taker = 0; taker < 3; ++taker)
    takers.emplace_back([&] {
      while (const auto rows = batcher.take({7, 50us, std::nullopt}))
        for (std::uint64_t row = rows->first; row < rows->first + rows->count; ++row) ++taken[row];
    });
  for (std::uint64_t head = 1; head <= kRows; ++head) {
    record.set_issued({head - 1, 1}, record.clock().now());
    record.publish(head);
    batcher.published(1, 10us);
    if (head % 1000 == 0) std::this_thread::yield();
  }
  batcher.announce_pause(kRows);
  batcher.finish_when_taken();
  takers.clear();
  std::uint64_t wrong = 0;
  for (const auto& count : taken) wrong += count != 1;
  CHECK(wrong == 0);
}

TEST_CASE("a pull run: the core issues on its own thread, takers answer, nothing is lost") {
  for (const Scenario scenario : {Scenario::SingleStream, Scenario::Server, Scenario::Offline, Scenario::Concurrent}) {
    RunSettings settings;
    settings.scenario = scenario;
    settings.record.max_rows = 1 << 20;
    Run run{settings};
    PlanSettings plan;
    plan.scenario = scenario;
    plan.min_query_count = scenario == Scenario::Offline ? 1 : 300;
    plan.samples_per_query = scenario == Scenario::Offline ? 300 : 1;
    plan.period = 1us;
    plan.arrivals.kind = ArrivalKind::Poisson;
    plan.arrivals.target_qps = 100'000.0;
    TrafficPlan traffic{plan, {{0, 1, 2, 3}, 4}, nullptr};
    SeriesSettings series;
    series.pull = true;
    series.min_queries = 300;
    series.concurrency = 4;
    std::vector<std::jthread> takers;
    for (int taker = 0; taker < 2; ++taker)
      takers.emplace_back([&] {
        while (const auto rows = run.batcher().take({4, 20us, std::nullopt}))
          run.record().complete(*rows, run.record().clock().now(), {});
      });
    SutCalls calls;
    calls.own_thread = true;
    const SeriesOutcome outcome = run.run_series(traffic, series, calls);
    takers.clear();
    CHECK(outcome.end == SeriesEnd::Natural);
    CHECK(outcome.n_rows == 300);
    CHECK(outcome.n_outstanding == 0);
    CHECK(run.record().first_open(0, 300) == 300);
  }
}

TEST_CASE("abort from another thread ends a wait for a distant deadline and a wait for an answer") {
  for (const Scenario scenario : {Scenario::SingleStream, Scenario::Server}) {
    RunSettings settings;
    settings.scenario = scenario;
    settings.record.max_rows = 1 << 20;
    Run run{settings};
    PlanSettings plan;
    plan.scenario = scenario;
    plan.min_query_count = 2;
    plan.period = 1us;
    plan.arrivals.kind = ArrivalKind::Constant;
    plan.arrivals.target_qps = 0.001;
    TrafficPlan traffic{plan, {{0}, 1}, nullptr};
    SutCalls calls;
    std::atomic<bool> issued{false};
    calls.user = &issued;
    calls.issue = [](void* user, RowRange) {
      static_cast<std::atomic<bool>*>(user)->store(true);
      return true;
    };
    std::jthread aborter{[&] {
      while (!issued) std::this_thread::yield();
      run.abort();
    }};
    CHECK(run.run_series(traffic, {}, calls).end == SeriesEnd::Aborted);
  }
}
