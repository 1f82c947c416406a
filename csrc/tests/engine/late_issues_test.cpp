// SPDX-License-Identifier: Apache-2.0
#include "engine/late_issues.hpp"

#include <doctest/doctest.h>

#include "engine/simulation.hpp"

using namespace loadgen;
using namespace std::chrono_literals;

namespace {

const Instant kDue{1s};

Duration total(const LateIssues& late) {
  Duration sum{0};
  for (std::size_t stage = 0; stage < kStages; ++stage) sum += late.spent(static_cast<Stage>(stage));
  return sum;
}

// One query a millisecond, 10 of them.
test::Simulation every_millisecond() {
  test::Simulation simulation;
  simulation.plan.scenario = Scenario::Server;
  simulation.plan.arrivals.kind = ArrivalKind::Constant;
  simulation.plan.arrivals.target_qps = 1000.0;
  simulation.plan.min_query_count = 10;
  return simulation;
}

// What the rows say, where the SUT never blocks.
Duration sum_of_late_delays(Run& run) {
  Duration sum{0};
  for (std::uint64_t row = 0; row < run.rows_issued(); ++row) {
    const Duration delay = run.record().issued_at(row) - from_stamp(run.record().scheduled_column()[row]);
    if (delay > LateIssues::kLate) sum += delay;
  }
  return sum;
}

}  // namespace

TEST_CASE("every stage on the way to an issue gets its part of the delay, and nothing is left") {
  LateIssues late;
  const WayToIssue way{kDue + 10us, kDue + 30us, kDue + 60us, kDue + 100us, kDue + 150us};
  late.add(way, kDue, kDue + 210us);
  CHECK(late.count() == 1);
  CHECK(late.spent(Stage::CatchingUp) == 10us);
  CHECK(late.spent(Stage::Locked) == 20us + 50us);
  CHECK(late.spent(Stage::Woken) == 30us);
  CHECK(late.spent(Stage::Stopped) == 40us + 60us);
  CHECK(late.spent(Stage::Working) == 0us);
}

TEST_CASE("what was over before the query was due says nothing, whatever its order") {
  LateIssues late;
  const WayToIssue way{kDue - 1ms, kDue - 5s, kDue - 2ms, kDue - 3us, kDue + 70us};
  late.add(way, kDue, kDue + 70us);
  CHECK(late.spent(Stage::Locked) == 70us);
  CHECK(total(late) == 70us);
}

TEST_CASE("a step of ten microseconds is work, and a longer one that nobody looked at is no wait for the lock") {
  LateIssues late;
  WayToIssue way;
  way.free = kDue + 5us;
  way.ready = way.free;
  way.looked = false;
  way.entered = kDue + 15us;
  late.add(way, kDue, kDue + 15us);
  CHECK(late.spent(Stage::CatchingUp) == 5us);
  CHECK(late.spent(Stage::Working) == 10us);
  way.entered = kDue + 16us;
  late.add(way, kDue, kDue + 16us);
  CHECK(late.spent(Stage::Stopped) == 11us);
  CHECK(late.spent(Stage::Locked) == 0us);
}

TEST_CASE("a sleep is told apart however little too late it ended") {
  LateIssues late;
  WayToIssue way;
  way.woken = kDue + 2us;
  way.ready = kDue + 3us;
  late.add(way, kDue, kDue + 3us);
  CHECK(late.spent(Stage::Woken) == 2us);
  CHECK(late.spent(Stage::Working) == 1us);
}

TEST_CASE("a query that goes out as soon as the one before lets it has caught up, and nothing else") {
  LateIssues late;
  CHECK(late.add_following(kDue + 40us, kDue, kDue + 42us));
  CHECK(late.spent(Stage::CatchingUp) == 40us);
  CHECK(late.spent(Stage::Working) == 2us);
  CHECK_FALSE(late.add_following(kDue - 1us, kDue, kDue + 5us));   // the one before was out in time
  CHECK_FALSE(late.add_following(kDue + 1us, kDue, kDue + 12us));  // longer than any work
  CHECK(late.count() == 1);
}

TEST_CASE("late issues are told apart by the size of their delay, and add up over threads") {
  LateIssues one;
  LateIssues other;
  WayToIssue way;
  way.woken = kDue + 1h;
  one.add(way, kDue, kDue + 1024ns);
  one.add(way, kDue, kDue + 2047ns);
  other.add(way, kDue, kDue + 2047ns);
  other.add(way, kDue, kDue + 2048ns);
  one.add(other);
  CHECK(one.count() == 4);
  CHECK(one.octave(10).count == 3);
  CHECK(one.octave(11).count == 1);
  CHECK(one.octave(10).spent[static_cast<std::size_t>(Stage::Woken)] == 1024ns + 2 * 2047ns);
  CHECK(total(one) == 1024ns + 2 * 2047ns + 2048ns);
}

TEST_CASE("a generator in time has no late issues, and says what the SUT took") {
  test::Simulation simulation = every_millisecond();
  simulation.blocks = 100us;
  Run run{simulation.settings()};
  simulation.run(run);
  const Issuing& issuing = run.issuing();
  CHECK(issuing.n_due == 10);
  CHECK(issuing.late.count() == 0);
  CHECK(issuing.in_issue == 10 * 100us);
  CHECK(issuing.wall == 9ms + 100us);
  CHECK(issuing.wake_up_error.count() == 9);
  CHECK(issuing.wake_up_error.max() == 0us);
  CHECK_FALSE(issuing.usage);  // of whatever the simulation runs on
}

TEST_CASE("a wait for the lock is the lock's, what follows it caught up, and the sum is the own delay") {
  test::Simulation simulation = every_millisecond();
  simulation.stall_at = 2;
  simulation.stall = 5500us;
  Run run{simulation.settings()};
  simulation.run(run);
  const LateIssues& late = run.issuing().late;
  CHECK(late.count() == 6);  // 5.5, 4.5, ... 0.5 ms
  CHECK(late.spent(Stage::Locked) == 5500us);
  CHECK(late.spent(Stage::CatchingUp) == 4500us + 3500us + 2500us + 1500us + 500us);
  CHECK(total(late) == sum_of_late_delays(run));
}

TEST_CASE("a sleep that ends late is told apart, with how late") {
  for (const bool coalesce : {false, true}) {
    CAPTURE(coalesce);
    test::Simulation simulation = every_millisecond();
    simulation.series.coalesce = coalesce;
    simulation.clock.call_at(simulation.clock.now() + 2500us, [&] { simulation.clock.spend(4ms); });
    Run run{simulation.settings()};
    simulation.run(run);
    const LateIssues& late = run.issuing().late;
    CHECK(late.count() == 4);  // due at 3, 4, 5 and 6 ms, issued at 6.5
    CHECK(run.issuing().wake_up_error.max() == 3500us);
    // It slept once, whether the others are merged with the first one or issued after it.
    CHECK(late.spent(Stage::Woken) == 3500us);
    CHECK(late.spent(Stage::CatchingUp) == 2500us + 1500us + 500us);
    CHECK(total(late) == sum_of_late_delays(run));
  }
}

TEST_CASE("what a SUT that blocks makes late is not the generator's") {
  test::Simulation simulation = every_millisecond();
  simulation.blocks = 2500us;
  Run run{simulation.settings()};
  simulation.run(run);
  CHECK(run.issuing().late.count() == 0);
  CHECK(run.issuing().in_issue == 10 * 2500us);
}

TEST_CASE("delays, their stages and all that issuing cost are of the same series") {
  test::Simulation simulation = every_millisecond();
  simulation.blocks = 100us;
  simulation.stall_at = 2;
  simulation.stall = 5500us;
  simulation.series.accuracy = true;
  Run run{simulation.settings()};
  simulation.run(run);
  const std::uint64_t n_late = run.issuing().late.count();
  const Duration wall = run.issuing().wall;
  CHECK(n_late > 0);

  simulation.stall_at = 12;
  simulation.run(run);  // of accuracy series, all count
  CHECK(run.own_delay().count() == 20);
  CHECK(run.blocked_delay().count() == 20);
  CHECK(run.issuing().n_due == 20);
  CHECK(run.issuing().late.count() == 2 * n_late);
  CHECK(run.issuing().late.spent(Stage::Locked) == 2 * 5500us);
  CHECK(run.issuing().wake_up_error.count() > 0);
  CHECK(run.issuing().in_issue == 20 * 100us);
  CHECK(run.issuing().wall == 2 * wall);

  simulation.series.accuracy = false;
  simulation.run(run);  // where there is a performance series, nothing else does
  CHECK(run.own_delay().count() == 10);
  CHECK(run.own_delay().max() == 0us);
  CHECK(run.blocked_delay().count() == 10);
  CHECK(run.issuing().n_due == 10);
  CHECK(run.issuing().late.count() == 0);
  CHECK(run.issuing().in_issue == 10 * 100us);
}

TEST_CASE("a query that is a microsecond late is in time") {
  for (const auto& [delay, n_late] : {std::pair{1000ns, 0}, std::pair{1001ns, 1}}) {
    CAPTURE(delay.count());
    test::Simulation simulation = every_millisecond();
    simulation.stall_at = 2;
    simulation.stall = delay;
    Run run{simulation.settings()};
    simulation.run(run);
    CHECK(run.issuing().late.count() == n_late);
  }
}

TEST_CASE("a lock that Offline waits for is the lock's") {
  test::Simulation simulation = every_millisecond();
  simulation.plan.scenario = Scenario::Offline;
  simulation.plan.samples_per_query = 20;
  simulation.plan.min_query_count = 1;
  simulation.stall_at = 0;
  simulation.stall = 3ms;
  Run run{simulation.settings()};
  simulation.run(run);
  CHECK(run.issuing().late.spent(Stage::Locked) == 3ms);
  CHECK(total(run.issuing().late) == run.own_delay().max());
}

TEST_CASE("on the real clock the issuing thread's own figures are there, and the stages add up to its delay") {
  test::Simulation simulation = every_millisecond();
  simulation.plan.min_query_count = 100;
  simulation.plan.arrivals.target_qps = 10000.0;
  simulation.answers_left = 0;
  RunSettings settings = simulation.settings();
  settings.virtual_clock = nullptr;
  settings.waiting.drain_timeout = 1ms;
  Run run{settings};
  simulation.run(run);
  const Issuing& issuing = run.issuing();
  CHECK(issuing.n_due == 100);
  REQUIRE(issuing.usage);
  CHECK(issuing.usage->cpu > 0us);
  CHECK(issuing.usage->cpu <= issuing.wall + 1ms);
  CHECK(issuing.usage->minor_faults > 0);  // the record's pages come when they are touched
  CHECK(issuing.late.count() <= 100);
  CHECK(total(issuing.late) <= sum_of_late_delays(run));  // some of it may be the SUT's
}
