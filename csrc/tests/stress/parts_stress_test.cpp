// SPDX-License-Identifier: Apache-2.0
// Claims about several issuing threads: together they issue the plan, each query once, none early.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include "engine/issuer.hpp"
#include "engine/run.hpp"

using namespace loadgen;
using namespace std::chrono_literals;

namespace {

struct Answering {
  explicit Answering(Run& answered_run) : run{answered_run} {
    calls.user = this;
    calls.own_thread = true;
    calls.issue = [](void* user, RowRange rows) { return static_cast<Answering*>(user)->issue(rows); };
    calls.flush = [](void* user) { return ++static_cast<Answering*>(user)->flushes == 1; };
  }
  bool issue(RowRange rows) {
    if (left.fetch_sub(1) <= 0) return false;
    run.record().complete(rows, run.record().clock().now(), {});
    return true;
  }

  Run& run;
  SutCalls calls;
  std::atomic<int> left{1 << 30};  // then it fails
  std::atomic<int> flushes{0};
  std::atomic<int> polls{0};
};

RunSettings in_parts(std::uint32_t parts) {
  RunSettings settings;
  settings.scenario = Scenario::Server;
  settings.record.max_rows = 1 << 20;
  settings.record.parts = parts;
  return settings;
}

TrafficPlan plan_of(std::uint64_t n_queries, double qps, ArrivalKind arrivals = ArrivalKind::Poisson) {
  PlanSettings plan;
  plan.scenario = Scenario::Server;
  plan.min_query_count = n_queries;
  plan.arrivals.kind = arrivals;
  plan.arrivals.target_qps = qps;
  return {plan, {{5, 6, 7, 8}, 4}, nullptr};
}

}  // namespace

TEST_CASE("three issuing threads issue the plan's queries, each once, in its order, none before it is due") {
  constexpr std::uint64_t kQueries = 1'001;
  Run run{in_parts(3)};
  Answering sut{run};
  TrafficPlan plan = plan_of(kQueries, 200'000.0);
  TrafficPlan expected = plan;
  const SeriesOutcome outcome = run.run_series(plan, {}, sut.calls);
  CHECK(outcome.end == SeriesEnd::Natural);
  CHECK(outcome.n_rows == kQueries);
  CHECK(outcome.n_queries == kQueries);
  CHECK(outcome.planned_queries == kQueries);
  CHECK(outcome.n_outstanding == 0);
  CHECK(sut.flushes == 1);
  CHECK(run.own_delay().count() == kQueries);
  REQUIRE(outcome.parts.size() == 3);
  std::uint64_t wrong = 0;
  std::uint64_t early = 0;
  PlannedQuery query;
  for (std::uint64_t k = 0; k < kQueries && expected.next(query); ++k) {
    std::uint32_t index = 0;
    expected.take_samples({&index, 1}, nullptr);
    const std::uint64_t row = outcome.parts[k % 3].first + k / 3;
    wrong += run.record().indices()[row] != index;
    wrong += from_stamp(run.record().scheduled_column()[row]) != outcome.start + query.due;
    early += run.record().issued_column()[row] < run.record().scheduled_column()[row];
  }
  CHECK(wrong == 0);
  CHECK(early == 0);
}

TEST_CASE("a limit on the number of queries counts those of all threads") {
  for (const std::uint64_t most : {1, 2, 3, 100}) {
    Run run{in_parts(3)};
    Answering sut{run};
    TrafficPlan plan = plan_of(1'000, 200'000.0);
    SeriesSettings series;
    series.max_queries = most;
    const SeriesOutcome outcome = run.run_series(plan, series, sut.calls);
    CHECK(outcome.end == SeriesEnd::MaxQueries);
    CHECK(outcome.n_queries == most);
  }
}

TEST_CASE("when one thread's SUT fails, all stop, and what was issued counts") {
  Run run{in_parts(2)};
  Answering sut{run};
  sut.left = 50;
  TrafficPlan plan = plan_of(1'000'000, 100'000.0);
  const SeriesOutcome outcome = run.run_series(plan, {}, sut.calls);
  CHECK(outcome.end == SeriesEnd::SutRaised);
  CHECK(outcome.n_rows >= 51);
  CHECK(outcome.n_rows < 1'000'000);
  CHECK(outcome.n_rows == run.rows_issued());
}

TEST_CASE("abort from another thread ends all issuing threads, also while they sleep") {
  Run run{in_parts(3)};
  Answering sut{run};
  TrafficPlan plan = plan_of(1'000, 0.001);
  std::jthread aborter{[&] {
    std::this_thread::sleep_for(20ms);
    run.abort();
  }};
  CHECK(run.run_series(plan, {}, sut.calls).end == SeriesEnd::Aborted);
}

TEST_CASE("a run whose first thread has issued its share polls on while the others wait") {
  Run run{in_parts(2)};
  Answering sut{run};
  sut.calls.own_thread = false;  // push: the first thread is the one that polls
  sut.calls.poll = [](void* user) { return ++static_cast<Answering*>(user)->polls < 3; };
  // The first query is due at once, the second one in a quarter of an hour.
  TrafficPlan plan = plan_of(2, 0.001, ArrivalKind::Constant);
  const SeriesOutcome outcome = run.run_series(plan, {}, sut.calls);
  CHECK(outcome.end == SeriesEnd::Aborted);
  CHECK(outcome.n_rows <= 1);
}

TEST_CASE("issuing threads that are let go before all are there start all the same") {
  CommonStart start{2};
  std::atomic<bool> gone{false};
  std::jthread waiting{[&] {
    start.wait_for_all(Clock{});
    gone = true;
  }};
  start.release(Clock{});
  waiting.join();
  CHECK(gone);
}
