// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "base/error.hpp"
#include "engine/simulation.hpp"

using namespace loadgen;
using namespace std::chrono_literals;

namespace {

test::Simulation single_stream() {
  test::Simulation simulation;
  simulation.plan.scenario = Scenario::SingleStream;
  simulation.plan.bounded = false;
  simulation.series.min_queries = 5;
  return simulation;
}

}  // namespace

TEST_CASE(
    "SingleStream issues the next query at the instant of the last answer, and ends when count and time are met") {
  test::Simulation simulation = single_stream();
  simulation.series.target_duration = 7ms;
  Run run{simulation.settings()};
  const SeriesOutcome outcome = simulation.run(run);
  CHECK(outcome.end == SeriesEnd::Natural);
  CHECK(outcome.n_queries == 8);  // the query issued at 7 ms is the first with elapsed >= 7 ms
  CHECK(outcome.last_issued == 7ms);
  CHECK(outcome.end_time == 8ms);
  for (std::uint64_t row = 0; row < 8; ++row) {
    CHECK(run.record().issued_at(row) == outcome.start + row * 1ms);
    CHECK(run.record().completed_at(row) == outcome.start + (row + 1) * 1ms);
  }
  CHECK(simulation.flushes == 1);
}

TEST_CASE("MultiStream waits for every sample of a query") {
  test::Simulation simulation = single_stream();
  simulation.plan.scenario = Scenario::MultiStream;
  simulation.plan.samples_per_query = 3;
  Run run{simulation.settings()};
  const SeriesOutcome outcome = simulation.run(run);
  CHECK(outcome.n_queries == 5);
  CHECK(outcome.n_rows == 15);
  for (const RowRange& rows : simulation.issued) CHECK(rows.count == 3);
  CHECK(run.record().issued_at(14) == outcome.start + 4ms);
}

TEST_CASE("a plan that is too short ends the series early") {
  test::Simulation simulation = single_stream();
  simulation.plan.bounded = true;
  simulation.plan.period = 1s;
  simulation.plan.min_query_count = 3;
  simulation.series.min_queries = 5;
  Run run{simulation.settings()};
  const SeriesOutcome outcome = simulation.run(run);
  CHECK(outcome.end == SeriesEnd::RanOut);
  CHECK(outcome.n_queries == 3);
  CHECK(outcome.planned_queries == 3);
}

TEST_CASE("meeting the minimum and the maximum count at once is a natural end") {
  test::Simulation simulation = single_stream();
  simulation.series.max_queries = 5;
  Run run{simulation.settings()};
  CHECK(simulation.run(run).end == SeriesEnd::Natural);
}

TEST_CASE("maximum count and maximum duration end a series") {
  test::Simulation simulation = single_stream();
  simulation.series.target_duration = 1h;
  simulation.series.max_queries = 5;
  Run counted{simulation.settings()};
  CHECK(simulation.run(counted).end == SeriesEnd::MaxQueries);
  counted.close();  // gives the clock back
  simulation.series.max_queries.reset();
  simulation.series.max_duration = 9ms;
  Run timed{simulation.settings()};
  const SeriesOutcome outcome = simulation.run(timed);
  CHECK(outcome.end == SeriesEnd::MaxDuration);
  CHECK(outcome.last_issued == 10ms);
}

TEST_CASE("silence for the drain time-out ends the run in mid-series") {
  test::Simulation simulation = single_stream();
  simulation.answers_left = 3;
  Run run{simulation.settings()};
  const SeriesOutcome outcome = simulation.run(run);
  CHECK(outcome.end == SeriesEnd::DrainTimeout);
  CHECK(outcome.n_queries == 4);
  CHECK(outcome.n_outstanding == 1);
  CHECK(outcome.end_time == 3ms + simulation.drain_timeout);
  run.close();
  CHECK(run.record().status_column()[3] == kMissing);
}

TEST_CASE("abort stops at once, with answers outstanding") {
  test::Simulation simulation = single_stream();
  simulation.on_issue = [&](Run& run) {
    if (simulation.issued.size() == 2) run.abort();
  };
  Run run{simulation.settings()};
  const SeriesOutcome outcome = simulation.run(run);
  CHECK(outcome.end == SeriesEnd::Aborted);
  CHECK(outcome.n_queries == 2);
  CHECK(outcome.n_outstanding == 1);
  CHECK(simulation.flushes == 0);
}

TEST_CASE("a run that was aborted before its first query issues none") {
  for (const Scenario scenario : {Scenario::SingleStream, Scenario::Server, Scenario::Offline, Scenario::Concurrent}) {
    test::Simulation simulation = single_stream();
    simulation.plan.scenario = scenario;
    simulation.plan.bounded = true;
    simulation.plan.min_query_count = 5;
    simulation.plan.period = 1ms;
    simulation.plan.arrivals.kind = ArrivalKind::Constant;
    simulation.plan.arrivals.target_qps = 1000.0;
    Run run{simulation.settings()};
    run.abort();
    const SeriesOutcome outcome = simulation.run(run);
    CHECK(outcome.end == SeriesEnd::Aborted);
    CHECK(outcome.n_rows == 0);
    CHECK(outcome.last_issued == 0ns);
  }
}

TEST_CASE("a virtual clock drives one run at a time") {
  test::Simulation simulation = single_stream();
  {
    const Run first{simulation.settings()};
    CHECK_THROWS_AS(Run{simulation.settings()}, Error);
  }
  CHECK_NOTHROW(Run{simulation.settings()});
}

TEST_CASE("Concurrent keeps the number of samples in flight") {
  test::Simulation simulation = single_stream();
  simulation.plan.scenario = Scenario::Concurrent;
  simulation.series.concurrency = 3;
  simulation.series.min_queries = 9;
  Run run{simulation.settings()};
  const SeriesOutcome outcome = simulation.run(run);
  CHECK(outcome.n_queries == 9);
  for (std::uint64_t row = 0; row < 9; ++row) CHECK(run.record().issued_at(row) == outcome.start + (row / 3) * 1ms);
}

TEST_CASE("a warm-up query that is never answered is an error, not a warm system") {
  test::Simulation simulation = single_stream();
  Run run{simulation.settings()};
  SutCalls calls;
  calls.issue = [](void*, RowRange) { return true; };
  const std::vector<std::uint32_t> samples{0};
  CHECK_THROWS_AS(run.warm_up(samples, 2, 1, false, calls), Error);
  CHECK(simulation.clock.now() == Instant{1s} + simulation.drain_timeout);
}

TEST_CASE("warm-up comes one query at a time, in load order, before the rows of the run") {
  test::Simulation simulation = single_stream();
  Run run{simulation.settings()};
  SutCalls calls;
  calls.user = &run;
  calls.issue = [](void* user, RowRange rows) {
    auto& warm = *static_cast<Run*>(user);
    warm.record().complete(rows, warm.record().clock().now(), {});
    return true;
  };
  const std::vector<std::uint32_t> samples{5, 6, 7};
  run.warm_up(samples, 4, 1, false, calls);
  CHECK(run.warm_up_rows() == 4);
  CHECK(*run.record().index_at(0) == 5);
  CHECK(*run.record().index_at(3) == 5);
  const SeriesOutcome outcome = simulation.run(run);
  CHECK(outcome.first_row == 4);
  CHECK(outcome.first_sample_id == 0);
}
