// SPDX-License-Identifier: Apache-2.0
// A run in simulated time, against a SUT that answers a fixed time after each issue.
#pragma once

#include <cstdint>
#include <functional>
#include <numeric>
#include <utility>
#include <vector>

#include "engine/run.hpp"

namespace loadgen::test {

/// What each test sets before it calls run().
struct Simulation {
  VirtualClock clock{Instant{std::chrono::seconds{1}}};
  PlanSettings plan;
  SeriesSettings series;
  Duration latency{std::chrono::milliseconds{1}};
  Duration drain_timeout{std::chrono::seconds{10}};
  std::uint64_t set_size = 8;
  std::uint64_t answers_left = ~std::uint64_t{0};  // no answer after so many
  Duration blocks{0};                              // time that issue() takes
  std::uint64_t stall_at = ~std::uint64_t{0};      // enter() takes `stall` before this query
  Duration stall{0};
  std::function<void(Run&)> on_issue = [](Run&) {};

  std::vector<RowRange> issued;
  std::uint64_t flushes = 0;

  SeriesOutcome run(Run& run) {
    run_ = &run;
    SutCalls calls;
    calls.user = this;
    calls.issue = [](void* user, RowRange rows) { return static_cast<Simulation*>(user)->issue(rows); };
    calls.enter = [](void* user) { static_cast<Simulation*>(user)->enter(); };
    calls.flush = [](void* user) { return ++static_cast<Simulation*>(user)->flushes > 0; };
    LoadedSet set;
    set.samples.resize(set_size);
    std::iota(set.samples.begin(), set.samples.end(), 0U);
    set.end = set_size;
    for (std::uint64_t i = 0; plan.scenario == Scenario::MultiStream && i + 1 < plan.samples_per_query; ++i)
      set.samples.push_back(set.samples[i]);
    TrafficPlan traffic{plan, set, nullptr};
    series.bounded = traffic.bounded();
    return run.run_series(traffic, series, calls);
  }

  RunSettings settings() {
    RunSettings settings;
    settings.scenario = plan.scenario;
    settings.record.max_rows = 1 << 20;
    settings.waiting.drain_timeout = drain_timeout;
    settings.virtual_clock = &clock;
    return settings;
  }

 private:
  void enter() {
    if (issued.size() == stall_at) clock.spend(stall);
  }

  bool issue(RowRange rows) {
    issued.push_back(rows);
    on_issue(*run_);
    if (answers_left > 0) {
      --answers_left;
      clock.call_at(clock.now() + latency, [this, rows] { run_->record().complete(rows, clock.now(), {}); });
    }
    clock.spend(blocks);
    return true;
  }

  Run* run_ = nullptr;
};

}  // namespace loadgen::test
