// SPDX-License-Identifier: Apache-2.0
// Claims about places that are used again: every sample is counted once, whoever answers it and however late.
#include <doctest/doctest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "engine/run.hpp"

using namespace loadgen;
using namespace std::chrono_literals;

TEST_CASE("in a small ring, with takers that answer twice, every sample is counted once") {
  for (const Scenario scenario : {Scenario::SingleStream, Scenario::MultiStream, Scenario::Server}) {
    RunSettings settings;
    settings.scenario = scenario;
    settings.record.ring_rows = 60;
    const std::uint64_t per_query = scenario == Scenario::MultiStream ? 3 : 1;
    settings.tally.samples_per_query = per_query;
    Run run{settings};
    PlanSettings plan;
    plan.scenario = scenario;
    plan.samples_per_query = per_query;
    plan.min_query_count = 2'000;
    plan.period = 1us;
    plan.arrivals.kind = ArrivalKind::Poisson;
    plan.arrivals.target_qps = 20'000.0;
    LoadedSet set{{0, 1, 2, 3}, 4};
    if (scenario == Scenario::MultiStream) set.samples.insert(set.samples.end(), {0, 1});  // its padding
    TrafficPlan traffic{plan, set, nullptr};
    SeriesSettings series;
    series.pull = true;
    series.min_queries = 2'000;
    std::atomic<std::uint64_t> twice{0};
    std::vector<std::jthread> takers;
    for (int taker = 0; taker < 2; ++taker)
      takers.emplace_back([&] {
        while (const auto rows = run.batcher().take({3, 0us, std::nullopt})) {
          run.record().complete(*rows, run.record().clock().now(), {});
          run.record().complete(*rows, run.record().clock().now(), {});
          twice += rows->count;
        }
      });
    SutCalls calls;
    calls.own_thread = true;
    const SeriesOutcome outcome = run.run_series(traffic, series, calls);
    takers.clear();
    run.close();
    const Tally::Counts& counts = run.tally()->counts();
    if (outcome.end == SeriesEnd::RecordFull) continue;  // the takers had no processor for too long: said, not wrong
    CHECK(outcome.end == SeriesEnd::Natural);
    CHECK(counts.completed == outcome.n_rows);
    CHECK(outcome.n_rows == 2'000 * per_query);
    CHECK(run.tally()->latency().histogram.count() == 2'000);
    CHECK(run.record().violations().get(Violation::Repeated).count == twice);
  }
}
