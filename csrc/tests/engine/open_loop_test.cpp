// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>

#include "engine/simulation.hpp"

using namespace loadgen;
using namespace std::chrono_literals;

namespace {

// One query a millisecond, 10 of them.
test::Simulation server() {
  test::Simulation simulation;
  simulation.plan.scenario = Scenario::Server;
  simulation.plan.arrivals.kind = ArrivalKind::Constant;
  simulation.plan.arrivals.target_qps = 1000.0;
  simulation.plan.min_query_count = 10;
  return simulation;
}

}  // namespace

TEST_CASE("Server issues each query when it is due, never early, whatever is outstanding") {
  test::Simulation simulation = server();
  simulation.latency = 50ms;
  Run run{simulation.settings()};
  const SeriesOutcome outcome = simulation.run(run);
  CHECK(outcome.end == SeriesEnd::Natural);
  CHECK(outcome.n_queries == 10);
  for (std::uint64_t row = 0; row < 10; ++row) {
    CHECK(from_stamp(run.record().scheduled_column()[row]) == outcome.start + row * 1ms);
    CHECK(run.record().issued_at(row) == outcome.start + row * 1ms);
  }
  CHECK(outcome.last_scheduled == 9ms);
  CHECK(run.own_delay().max() == Duration{0});
}

TEST_CASE("queries that became late while the SUT blocked go at once, and the delay is the SUT's") {
  test::Simulation simulation = server();
  simulation.blocks = 2500us;
  Run run{simulation.settings()};
  const SeriesOutcome outcome = simulation.run(run);
  CHECK(outcome.n_queries == 10);
  for (std::uint64_t row = 1; row < 10; ++row)
    CHECK(run.record().issued_at(row) == run.record().issued_at(row - 1) + 2500us);
  CHECK(run.own_delay().max() == Duration{0});
  CHECK(run.blocked_delay().max() == 9 * 1500us);
}

TEST_CASE("the backlog of a stall of the generator is the generator's, query by query") {
  // The lock that enter() waits for is taken by somebody else for 5.5 ms, once.
  test::Simulation simulation = server();
  simulation.stall_at = 2;
  simulation.stall = 5500us;
  simulation.blocks = 100us;
  Run run{simulation.settings()};
  const SeriesOutcome outcome = simulation.run(run);
  CHECK(outcome.n_queries == 10);
  CHECK(run.own_delay().max() == 5500us);
  CHECK(run.own_delay().percentile(0.65) > 1ms);  // six queries were late for it
  CHECK(run.blocked_delay().max() == Duration{0});
}

TEST_CASE("coalescing hands over everything that is due in one call, each with its own due instant") {
  test::Simulation simulation = server();
  simulation.blocks = 2500us;
  simulation.series.coalesce = true;
  Run run{simulation.settings()};
  const SeriesOutcome outcome = simulation.run(run);
  CHECK(outcome.n_queries == 10);
  REQUIRE(simulation.issued.size() == 5);
  // 0 at 0; 1 and 2 at 2.5 ms; 3, 4 and 5 at 5 ms; 6 and 7 at 7.5 ms; 8 and 9 at 10 ms
  CHECK(simulation.issued[1].count == 2);
  CHECK(simulation.issued[2].count == 3);
  CHECK(simulation.issued[3].count == 2);
  CHECK(simulation.issued[4].count == 2);
  for (std::uint64_t row = 0; row < 10; ++row)
    CHECK(from_stamp(run.record().scheduled_column()[row]) == outcome.start + row * 1ms);
}

TEST_CASE("more outstanding queries than allowed end the series") {
  test::Simulation simulation = server();
  simulation.latency = 1s;
  simulation.series.max_outstanding = 3;
  Run run{simulation.settings()};
  const SeriesOutcome outcome = simulation.run(run);
  CHECK(outcome.end == SeriesEnd::TooManyOutstanding);
  CHECK(outcome.n_queries == 4);
  CHECK(outcome.n_outstanding == 0);  // what was issued is still waited for
}

TEST_CASE("answered queries do not count as outstanding") {
  test::Simulation simulation = server();
  simulation.latency = 1500us;
  simulation.series.max_outstanding = 2;
  Run run{simulation.settings()};
  CHECK(simulation.run(run).end == SeriesEnd::Natural);
}

TEST_CASE("a maximum count ends Server even when it is the last query") {
  test::Simulation simulation = server();
  simulation.series.max_queries = 10;
  Run run{simulation.settings()};
  CHECK(simulation.run(run).end == SeriesEnd::MaxQueries);
}

TEST_CASE("whoever has seen enough stops the issue, and what is outstanding is waited for") {
  test::Simulation simulation = server();
  simulation.latency = 1s;
  simulation.on_issue = [&](Run& run) {
    if (simulation.issued.size() == 4) run.stop_issue();
  };
  Run run{simulation.settings()};
  const SeriesOutcome outcome = simulation.run(run);
  CHECK(outcome.end == SeriesEnd::Stopped);
  CHECK(outcome.n_queries == 4);
  CHECK(outcome.n_outstanding == 0);
}

TEST_CASE("an accuracy series obeys the schedule and no limit") {
  test::Simulation simulation = server();
  simulation.plan.accuracy = true;
  simulation.series.accuracy = true;
  simulation.series.max_queries = 2;
  Run run{simulation.settings()};
  const SeriesOutcome outcome = simulation.run(run);
  CHECK(outcome.end == SeriesEnd::Natural);
  CHECK(outcome.n_queries == simulation.set_size);
  std::vector<std::uint32_t> seen(run.record().indices(), run.record().indices() + simulation.set_size);
  std::ranges::sort(seen);
  for (std::uint32_t i = 0; i < simulation.set_size; ++i) CHECK(seen[i] == i);
}

TEST_CASE("lost answers end the drain after the time-out, counted from the last answer") {
  test::Simulation simulation = server();
  simulation.answers_left = 8;
  simulation.latency = 100ms;
  Run run{simulation.settings()};
  const SeriesOutcome outcome = simulation.run(run);
  CHECK(outcome.end == SeriesEnd::DrainTimeout);
  CHECK(outcome.n_outstanding == 2);
  CHECK(outcome.end_time == 107ms + simulation.drain_timeout);
}

TEST_CASE("Offline hands everything over in one query") {
  test::Simulation simulation = server();
  simulation.plan.scenario = Scenario::Offline;
  simulation.plan.samples_per_query = 20;
  simulation.plan.min_query_count = 1;
  Run run{simulation.settings()};
  const SeriesOutcome outcome = simulation.run(run);
  CHECK(outcome.end == SeriesEnd::Natural);
  CHECK(outcome.n_queries == 1);
  REQUIRE(simulation.issued.size() == 1);
  CHECK(simulation.issued[0].count == 20);
  CHECK(outcome.end_time == simulation.latency);
}

TEST_CASE("ids go on from series to series") {
  test::Simulation simulation = server();
  Run run{simulation.settings()};
  simulation.run(run);
  const SeriesOutcome second = simulation.run(run);
  CHECK(second.first_row == 10);
  CHECK(second.first_query_id == 10);
  CHECK(second.first_sample_id == 10);
}
