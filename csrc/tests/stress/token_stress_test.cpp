// SPDX-License-Identifier: Apache-2.0
// Tokens of the same rows from several threads, each with a mapping of its own: no gap is negative, none is lost.
#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <latch>
#include <thread>
#include <vector>

#include "record/record.hpp"

using namespace loadgen;

namespace {

constexpr std::uint64_t kTokenRows = 50;
constexpr std::int64_t kTokens = 400;
constexpr int kThreads = 4;

RecordSettings settings() {
  RecordSettings settings;
  settings.max_rows = 1 << 20;
  settings.tokens = true;
  settings.token_times = true;
  return settings;
}

}  // namespace

TEST_CASE("gaps and instants of tokens that several threads report for the same rows are all there") {
  Ranges ranges{Backing::Memfd};
  Record record{settings(), Clock{}, ranges};
  record.publish(kTokenRows);
  std::latch start{kThreads};
  std::atomic<std::uint64_t> refused{0};
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < kThreads; ++thread)
    threads.emplace_back([&, thread] {
      Ranges mapped{getpid(), ranges.made()};
      Record own{settings(), Clock{}, mapped};
      start.arrive_and_wait();
      // Their instants interleave, and each thread is now ahead, now behind.
      for (std::int64_t token = 0; token < kTokens; ++token)
        for (std::uint64_t row = 0; row < kTokenRows; ++row)
          refused += own.add_tokens({row, 1}, from_stamp(1'000 + kThreads * token + thread), 1) ? 0 : 1;
    });
  threads.clear();
  for (std::uint64_t row = 0; row < kTokenRows; ++row) record.complete({row, 1}, from_stamp(10'000), {});
  record.close(0);
  CHECK(refused == 0);

  // Of a row's arrivals each but the one that came first has a gap; they add up to at most the whole time.
  std::uint64_t gaps = 0;
  std::uint64_t together = 0;
  record.tokens()->gaps().for_each([&](std::uint64_t smallest, std::uint64_t, std::uint64_t count) {
    gaps += count;
    together += smallest * count;  // below 4,096 ns a bucket has one value
  });
  const auto arrivals = static_cast<std::uint64_t>(kTokens) * kThreads;
  CHECK(gaps == kTokenRows * (arrivals - 1));
  CHECK(record.tokens()->gaps().max() < arrivals);
  std::uint64_t expected = 0;
  for (std::uint64_t row = 0; row < kTokenRows; ++row)
    expected += static_cast<std::uint64_t>(1'000 + kThreads * kTokens - 1 - record.first_token_column()[row]);
  CHECK(together == expected);

  const TokenTable table = record.tokens()->log()->by_row(kTokenRows, [](std::uint64_t row) { return row; });
  std::uint64_t wrong = 0;
  for (std::uint64_t row = 0; row < kTokenRows; ++row) {
    wrong += table.begins[row + 1] - table.begins[row] == arrivals ? 0 : 1;
    for (std::uint64_t i = 0; i < arrivals; ++i)
      wrong += table.at[table.begins[row] + i] == 1'000 + static_cast<std::int64_t>(i) ? 0 : 1;
    wrong += record.n_tokens_column()[row] == arrivals ? 0 : 1;
  }
  CHECK(wrong == 0);
}

TEST_CASE("a log that is closed while threads append has whole events only, and refuses the rest") {
  Ranges ranges;
  TokenLog log{ranges, TokenLog::kSmallest};
  constexpr std::uint64_t kEach = 100'000;
  std::atomic<std::uint64_t> kept{0};
  std::latch start{3};
  std::vector<std::jthread> threads;
  for (std::uint64_t row = 0; row < 2; ++row)
    threads.emplace_back([&, row] {
      start.arrive_and_wait();
      std::uint64_t mine = 0;
      for (std::uint64_t i = 0; i < kEach; ++i) mine += log.append(row, static_cast<std::int64_t>(row) + 1) ? 1 : 0;
      kept += mine;
    });
  start.arrive_and_wait();
  std::this_thread::yield();
  log.close();
  const TokenTable early = log.by_row(2, [](std::uint64_t row) { return row; });
  threads.clear();
  const TokenTable table = log.by_row(2, [](std::uint64_t row) { return row; });
  CHECK(table.at.size() == kept);
  CHECK(early.at.size() <= kept);
  CHECK(std::count(table.at.begin(), table.at.end(), 1) == static_cast<std::ptrdiff_t>(table.begins[1]));
  CHECK(std::count(table.at.begin(), table.at.end(), 2) ==
        static_cast<std::ptrdiff_t>(table.begins[2] - table.begins[1]));
}
