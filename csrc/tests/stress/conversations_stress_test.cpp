// SPDX-License-Identifier: Apache-2.0
// Claims about conversations whose turns other threads answer: no answer is missed, and each turn is due by the one
// before.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <thread>
#include <vector>

#include "engine/run.hpp"

using namespace loadgen;
using namespace std::chrono_literals;

namespace {

constexpr std::uint32_t kTurns = 4;
constexpr std::uint64_t kTalks = 500;

/// The instants of a column, of the rows that hold the sample.
std::vector<std::int64_t> of_turn(Run& run, const std::int64_t* column, std::uint32_t sample, Duration plus) {
  std::vector<std::int64_t> instants;
  for (std::uint64_t row = 0; row < run.rows_issued(); ++row)
    if (run.record().indices()[row] == sample) instants.push_back(column[row] + plus.count());
  std::ranges::sort(instants);
  return instants;
}

}  // namespace

TEST_CASE("every turn is due a think time after the answer that some thread gave to the one before") {
  for (const Duration think_time : {Duration{0}, Duration{50us}}) {
    RunSettings settings;
    settings.scenario = Scenario::Server;
    Run run{settings};
    PlanSettings plan;
    plan.scenario = Scenario::Server;
    plan.order = SampleOrder::Sequential;
    plan.min_query_count = kTalks * kTurns;
    plan.arrivals.target_qps = 20'000.0;
    plan.conversations = {.turns = {kTurns}, .kind = ThinkTime::Constant, .think_time = think_time};
    TrafficPlan traffic{plan, LoadedSet{{0, 1, 2, 3}, 4}, nullptr};
    SeriesSettings series;
    series.pull = true;
    series.min_queries = kTalks * kTurns;
    std::vector<std::jthread> takers;
    for (int taker = 0; taker < 2; ++taker)
      takers.emplace_back([&] {
        while (const auto rows = run.batcher().take({3, 0us, std::nullopt}))
          run.record().complete(*rows, run.record().clock().now(), {});
      });
    SutCalls calls;
    calls.own_thread = true;
    const SeriesOutcome outcome = run.run_series(traffic, series, calls);
    takers.clear();
    CHECK(outcome.end == SeriesEnd::Natural);
    CHECK(outcome.n_queries == kTalks * kTurns);
    for (std::uint32_t turn = 1; turn < kTurns; ++turn) {
      const auto due = of_turn(run, run.record().scheduled_column(), turn, Duration{0});
      CHECK(due.size() == kTalks);
      CHECK(due == of_turn(run, run.record().completed_column(), turn - 1, think_time));
    }
    for (std::uint64_t row = 0; row < run.rows_issued(); ++row)
      CHECK(run.record().issued_column()[row] >= run.record().scheduled_column()[row]);
    run.close();
  }
}
