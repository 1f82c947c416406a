// SPDX-License-Identifier: Apache-2.0
// What several issuing threads make of a series together, one after the other in simulated time.
#include <doctest/doctest.h>

#include <algorithm>
#include <deque>

#include "engine/issuer.hpp"
#include "engine/run.hpp"

using namespace loadgen;
using namespace std::chrono_literals;

namespace {

// Answers nothing by itself: tests say when rows are answered.
SutCalls silent() {
  SutCalls calls;
  calls.issue = [](void*, RowRange) { return true; };
  return calls;
}

SutCalls answering(Record& record) {
  SutCalls calls;
  calls.user = &record;
  calls.issue = [](void* user, RowRange rows) {
    auto& answered = *static_cast<Record*>(user);
    return answered.complete(rows, answered.clock().now(), {}) == rows.count;
  };
  return calls;
}

struct Parts {
  explicit Parts(std::uint32_t n_parts) : n{n_parts} {
    plan.scenario = Scenario::Server;
    plan.arrivals.kind = ArrivalKind::Constant;
    plan.arrivals.target_qps = 1000.0;
    settings.scenario = Scenario::Server;
    settings.record.max_rows = 1 << 20;
    settings.record.parts = n;
    settings.waiting.drain_timeout = 10s;
    settings.virtual_clock = &clock;
  }

  SeriesOutcome run(Run& run, const SeriesSettings& series, const SutCalls& calls) const {
    const TrafficPlan traffic{plan, {{5, 6, 7, 8}, 4}, nullptr};
    std::deque<TrafficPlan> plans(n, traffic);
    std::deque<Issuer> issuers;
    for (std::uint32_t part = 0; part < n; ++part) {
      issuers.emplace_back(run, series, calls, Part{part, n, nullptr}).issue(plans[part]);
      if (part > 0) issuers.front().take_over(issuers.back());
    }
    return issuers.front().finish(plans.front());
  }

  std::uint32_t n;
  VirtualClock clock{Instant{1s}};
  PlanSettings plan;
  RunSettings settings;
};

}  // namespace

TEST_CASE("an answer to any thread's query breaks the silence of the drain") {
  Parts parts{2};
  parts.plan.min_query_count = 6;
  Run run{parts.settings};
  Record& record = run.record();
  // The second thread's queries are answered every 6 s, then the first one's: no silence is as long as the time-out.
  int answered = 0;
  for (const std::uint32_t part : {1U, 0U}) {
    for (std::uint64_t row = 0; row < 3; ++row) {
      const std::uint64_t at = record.part_begin(part) + row;
      parts.clock.call_at(parts.clock.now() + ++answered * 6s,
                          [&record, &parts, at] { record.complete({at, 1}, parts.clock.now(), {}); });
    }
  }
  const SeriesOutcome outcome = parts.run(run, {}, silent());
  CHECK(outcome.end == SeriesEnd::Natural);
  CHECK(outcome.n_outstanding == 0);
  CHECK(outcome.n_rows == 6);
}

TEST_CASE("silence is counted from the last answer to any thread's query") {
  Parts parts{2};
  parts.plan.min_query_count = 6;
  Run run{parts.settings};
  Record& record = run.record();
  const Instant last = parts.clock.now() + 7s;
  const std::uint64_t row = record.part_begin(1);
  parts.clock.call_at(last, [&] { record.complete({row, 1}, parts.clock.now(), {}); });
  const SeriesOutcome outcome = parts.run(run, {}, silent());
  CHECK(outcome.end == SeriesEnd::DrainTimeout);
  CHECK(outcome.n_outstanding == 5);
  CHECK(parts.clock.now() == last + 10s);
}

TEST_CASE("a series ends for the same reason however many threads issue it") {
  for (const std::uint64_t planned : {1, 2, 3, 4, 5}) {
    for (const std::uint64_t most : {1, 2, 3, 4, 5}) {
      for (const std::uint32_t n : {1, 2, 3}) {
        CAPTURE(planned);
        CAPTURE(most);
        CAPTURE(n);
        Parts parts{n};
        parts.plan.min_query_count = planned;
        Run run{parts.settings};
        SeriesSettings series;
        series.max_queries = most;
        const SeriesOutcome outcome = parts.run(run, series, answering(run.record()));
        CHECK(outcome.n_queries == std::min(planned, most));
        CHECK(outcome.end == (planned < most ? SeriesEnd::Natural : SeriesEnd::MaxQueries));
      }
    }
  }
}

TEST_CASE("queries that are late together are no more than the limit on queries, over all threads") {
  for (const std::uint64_t most : {1, 2, 3, 7, 10}) {
    for (const std::uint32_t n : {1, 2, 3}) {
      CAPTURE(most);
      CAPTURE(n);
      Parts parts{n};
      parts.plan.min_query_count = 1'000;
      parts.plan.arrivals.target_qps = 1e9;  // all are late as soon as any time passes
      Run run{parts.settings};
      SeriesSettings series;
      series.coalesce = true;
      series.max_queries = most;
      SutCalls calls = answering(run.record());
      calls.enter = [](void* user) {
        auto& clock = *static_cast<Record*>(user)->clock().virtual_clock();
        clock.spend(1ms);
      };
      calls.leave = [](void*) {};
      const SeriesOutcome outcome = parts.run(run, series, calls);
      CHECK(outcome.end == SeriesEnd::MaxQueries);
      CHECK(outcome.n_queries == most);
      CHECK(outcome.n_rows == most);
    }
  }
}

TEST_CASE("an accuracy series has no limit on what is late together") {
  Parts parts{1};
  parts.plan.accuracy = true;
  Run run{parts.settings};
  SeriesSettings series;
  series.accuracy = true;
  series.coalesce = true;
  series.max_queries = 2;
  CHECK(parts.run(run, series, answering(run.record())).n_queries == 4);
}
