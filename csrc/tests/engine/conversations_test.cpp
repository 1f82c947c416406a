// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cstdint>
#include <vector>

#include "engine/simulation.hpp"

using namespace loadgen;
using namespace std::chrono_literals;

namespace {

// A conversation of 3 turns (samples 0 to 2), then one of 1 turn (3) and one of 2 (4, 5), and again; one starts every
// 10 ms. A turn comes 5 ms after the answer before, which takes 1 ms.
test::Simulation talking(std::uint64_t min_turns = 6) {
  test::Simulation simulation;
  simulation.set_size = 6;
  PlanSettings& plan = simulation.plan;
  plan.scenario = Scenario::Server;
  plan.order = SampleOrder::Sequential;
  plan.arrivals.kind = ArrivalKind::Constant;
  plan.arrivals.target_qps = 100.0;
  plan.min_query_count = min_turns;
  plan.conversations = {.turns = {3, 1, 2}, .kind = ThinkTime::Constant, .think_time = 5ms};
  return simulation;
}

std::vector<Duration> since(const Run& run, Instant start, const std::int64_t* column) {
  std::vector<Duration> instants;
  for (std::uint64_t row = 0; row < run.rows_issued(); ++row) instants.push_back(from_stamp(column[row]) - start);
  return instants;
}

std::vector<std::uint32_t> samples(Run& run) {
  return {run.record().indices(), run.record().indices() + run.rows_issued()};
}

using Samples = std::vector<std::uint32_t>;
using Durations = std::vector<Duration>;

}  // namespace

TEST_CASE("a turn is due a think time after the answer before, exactly, and a start when it is planned") {
  test::Simulation simulation = talking();
  Run run{simulation.settings()};
  const SeriesOutcome outcome = simulation.run(run);
  CHECK(outcome.end == SeriesEnd::Natural);
  CHECK(samples(run) == Samples{0, 1, 3, 2, 4, 5});
  const Durations due{0ms, 6ms, 10ms, 12ms, 20ms, 26ms};
  CHECK(since(run, outcome.start, run.record().scheduled_column()) == due);
  CHECK(since(run, outcome.start, run.record().issued_column()) == due);
  CHECK(outcome.n_queries == 6);
  CHECK(outcome.planned_queries == 6);
  CHECK(outcome.planned_duration == 30ms);
  CHECK(outcome.last_scheduled == 26ms);
  CHECK(outcome.end_time == 27ms);
  CHECK(outcome.n_outstanding == 0);
  CHECK(run.own_delay().max() == Duration{0});
  CHECK(run.own_delay().count() == 6);
  CHECK(simulation.flushes == 1);
}

TEST_CASE("the schedule of the turns follows the answers: a slower system is asked later, and no less") {
  test::Simulation simulation = talking();
  simulation.latency = 100ms;
  Run run{simulation.settings()};
  const SeriesOutcome outcome = simulation.run(run);
  CHECK(samples(run) == Samples{0, 3, 4, 1, 5, 2});
  CHECK(since(run, outcome.start, run.record().scheduled_column()) == Durations{0ms, 10ms, 20ms, 105ms, 125ms, 210ms});
  CHECK(outcome.end == SeriesEnd::Natural);
}

TEST_CASE("without a think time a turn goes at the instant of the answer, which may be that of the issue") {
  test::Simulation simulation = talking(3);
  simulation.plan.conversations.think_time = Duration{0};
  simulation.latency = Duration{0};
  Run run{simulation.settings()};
  const SeriesOutcome outcome = simulation.run(run);
  CHECK(since(run, outcome.start, run.record().scheduled_column()) == Durations{0ms, 0ms, 0ms});
  CHECK(outcome.end == SeriesEnd::Natural);
}

TEST_CASE("starts end with the target duration, and what has started goes on to its last turn") {
  test::Simulation simulation = talking(1);
  simulation.plan.target_duration = 15ms;
  simulation.series.target_duration = 15ms;
  Run run{simulation.settings()};
  const SeriesOutcome outcome = simulation.run(run);
  CHECK(samples(run) == Samples{0, 1, 3, 2, 4, 5});
  CHECK(outcome.end_time == 27ms);
}

TEST_CASE("a turn that fails is its conversation's last") {
  test::Simulation simulation = talking();
  simulation.on_issue = [&](Run& run) {
    const RowRange row = simulation.issued.back();
    if (*run.record().index_at(row.first) == 1) run.record().fail(row, simulation.clock.now(), "kind", "");
  };
  Run run{simulation.settings()};
  const SeriesOutcome outcome = simulation.run(run);
  CHECK(samples(run) == Samples{0, 1, 3, 4, 5});
  CHECK(outcome.end == SeriesEnd::Natural);
  CHECK(outcome.n_queries == 5);
  CHECK(outcome.planned_queries == 6);
}

TEST_CASE("an answer that never comes ends its conversation, and the run after the time-out when nothing else is due") {
  test::Simulation simulation = talking();
  simulation.answers_left = 4;  // of 0, 1, 3, 2: not of 4
  Run run{simulation.settings()};
  const SeriesOutcome outcome = simulation.run(run);
  CHECK(outcome.end == SeriesEnd::DrainTimeout);
  CHECK(samples(run) == Samples{0, 1, 3, 2, 4});
  CHECK(outcome.n_outstanding == 1);
  CHECK(outcome.end_time == 20ms + simulation.drain_timeout);  // since the last issue, which came after the answers
}

TEST_CASE("silence is looked for when nothing is due only") {
  test::Simulation simulation = talking();
  simulation.drain_timeout = 2ms;  // shorter than all gaps
  Run run{simulation.settings()};
  CHECK(simulation.run(run).end == SeriesEnd::Natural);
}

TEST_CASE("limits end it as they end any Server series") {
  SUBCASE("queries") {
    test::Simulation simulation = talking();
    simulation.series.max_queries = 4;
    Run run{simulation.settings()};
    const SeriesOutcome outcome = simulation.run(run);
    CHECK(outcome.end == SeriesEnd::MaxQueries);
    CHECK(outcome.n_queries == 4);
    CHECK(outcome.n_outstanding == 0);
  }
  SUBCASE("duration") {
    test::Simulation simulation = talking();
    simulation.series.max_duration = 11ms;
    Run run{simulation.settings()};
    const SeriesOutcome outcome = simulation.run(run);
    CHECK(outcome.end == SeriesEnd::MaxDuration);
    CHECK(outcome.last_issued == 12ms);
  }
  SUBCASE("outstanding") {
    test::Simulation simulation = talking();
    simulation.latency = 15ms;
    simulation.series.max_outstanding = 1;
    Run run{simulation.settings()};
    CHECK(simulation.run(run).end == SeriesEnd::TooManyOutstanding);
  }
  SUBCASE("abort") {
    test::Simulation simulation = talking();
    simulation.on_issue = [&](Run& run) {
      if (simulation.issued.size() == 3) run.abort();
    };
    Run run{simulation.settings()};
    const SeriesOutcome outcome = simulation.run(run);
    CHECK(outcome.end == SeriesEnd::Aborted);
    CHECK(outcome.n_queries == 3);
  }
}

TEST_CASE("turns that became due while the SUT blocked go at once, and the delay is the SUT's") {
  test::Simulation simulation = talking();
  simulation.blocks = 8ms;
  Run run{simulation.settings()};
  const SeriesOutcome outcome = simulation.run(run);
  // The first answer comes at 1 ms, but the clock stands at 8 ms when it is seen: it is due by then.
  const Durations due = since(run, outcome.start, run.record().scheduled_column());
  const Durations issued = since(run, outcome.start, run.record().issued_column());
  for (std::size_t row = 1; row < issued.size(); ++row) CHECK(issued[row] >= issued[row - 1] + 8ms);
  for (std::size_t row = 0; row < issued.size(); ++row) CHECK(issued[row] >= due[row]);
  CHECK(run.own_delay().max() == Duration{0});
  CHECK(outcome.n_queries == 6);
}

TEST_CASE("a ring of rows is used again when its answers were looked at") {
  test::Simulation simulation = talking(600);
  RunSettings settings = simulation.settings();
  settings.record.ring_rows = 8;
  SUBCASE("all are answered in time") {
    Run run{settings};
    const SeriesOutcome outcome = simulation.run(run);
    CHECK(outcome.end == SeriesEnd::Natural);
    CHECK(outcome.n_queries == 600);
    run.close();
    CHECK(run.tally()->latency().histogram.count() == 600);
  }
  SUBCASE("one is answered too late") {
    simulation.on_issue = [&](Run&) { simulation.latency = simulation.issued.size() == 5 ? 1s : 1ms; };
    Run run{settings};
    const SeriesOutcome outcome = simulation.run(run);
    CHECK(outcome.end == SeriesEnd::RecordFull);
    CHECK(outcome.n_queries == 12);
  }
}

TEST_CASE("conversations by the thousand, of a plan drawn at random, have each of their turns") {
  test::Simulation simulation = talking(20000);
  simulation.plan.order = SampleOrder::Random;
  simulation.plan.arrivals = {.kind = ArrivalKind::Poisson, .target_qps = 10000.0, .timestamps_ns = {}, .rate = {}};
  simulation.plan.conversations.kind = ThinkTime::Exponential;
  simulation.plan.conversations.think_time = 200ms;  // 2000 are open at once
  Run run{simulation.settings()};
  const SeriesOutcome outcome = simulation.run(run);
  CHECK(outcome.end == SeriesEnd::Natural);
  CHECK(outcome.n_queries == outcome.planned_queries);
  std::vector<std::uint64_t> turns(6);
  for (const std::uint32_t sample : samples(run)) ++turns[sample];
  CHECK(turns[0] == turns[1]);
  CHECK(turns[1] == turns[2]);
  CHECK(turns[4] == turns[5]);
}
