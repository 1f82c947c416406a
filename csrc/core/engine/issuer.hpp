// SPDX-License-Identifier: Apache-2.0
// Issues one series: takes queries from the plan, waits for what the scenario waits for, hands rows to the SUT.
//
// One file a family: closed_loop.cpp (SingleStream, MultiStream, Concurrent), open_loop.cpp (Server), offline.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/run.hpp"

namespace loadgen {

/// Lives on the issuing thread, for one series or one warm-up.
class Issuer {
 public:
  Issuer(Run& run, const SeriesSettings& settings, const SutCalls& calls)
      : run_{run},
        record_{run.record_},
        settings_{settings},
        calls_{calls},
        waiter_{run.record_, run.aborted_, calls, run.settings_.waiting} {}

  SeriesOutcome issue(TrafficPlan& plan);
  void warm_up(std::span<const std::uint32_t> samples, std::uint64_t n_queries, std::uint64_t samples_per_query);

 private:
  SeriesEnd issue_all(TrafficPlan& plan);
  // Each issues the whole series and returns why it ended.
  SeriesEnd one_at_a_time(TrafficPlan& plan);
  SeriesEnd concurrent(TrafficPlan& plan);
  SeriesEnd scheduled(TrafficPlan& plan);
  SeriesEnd offline(TrafficPlan& plan);

  // What they share (issuer.cpp) ---------------------------------------------------------------------------------
  /// Writes the plan's next query into the rows after what is staged. False: the plan has ended, or the record is
  /// full (then record_full_).
  bool stage(TrafficPlan& plan, PlannedQuery& query);
  [[nodiscard]] std::uint64_t staged_end() const noexcept { return staged_.first + staged_.count; }

  void enter() {
    if (calls_.enter != nullptr) calls_.enter(calls_.user);
  }
  void leave() {
    if (calls_.leave != nullptr) calls_.leave(calls_.user);
  }
  /// Hands the first `rows` staged rows over, between enter() and leave(). False: the SUT raised.
  bool hand_over(std::uint64_t rows, Instant issued);
  /// The stop rules that are looked at after a query was issued, in MLPerf's order.
  [[nodiscard]] std::optional<SeriesEnd> stop_after(Instant issued) const;
  WaitEnd wait_for(RowRange rows);
  /// Flushes and waits for what is outstanding, unless `end` cut the series off. Returns how it ended after all.
  SeriesEnd drain(SeriesEnd end);
  void count_outstanding();
  [[nodiscard]] bool is_server() const noexcept { return run_.settings_.scenario == Scenario::Server; }
  static SeriesEnd end_of(WaitEnd wait) noexcept {
    return wait == WaitEnd::Silent ? SeriesEnd::DrainTimeout : SeriesEnd::Aborted;
  }
  [[nodiscard]] SeriesEnd end_of_plan() const noexcept;

  // Server only (open_loop.cpp)
  WaitEnd wait_until_due(Instant due, Instant& issued, Instant& returned);
  void count_delay(Instant due, Instant returned, Instant issued);
  /// Stages further queries that are due by `now`; each is one row. `query` is left at the first that is not.
  std::uint64_t coalesce(TrafficPlan& plan, PlannedQuery& query, Instant now, Instant returned, bool& more);
  [[nodiscard]] bool too_many_outstanding();
  void drop_answered();

  Run& run_;
  Record& record_;
  const SeriesSettings& settings_;
  const SutCalls& calls_;
  Waiter waiter_;
  SeriesOutcome outcome_;
  RowRange staged_;  // written, not yet issued
  Instant last_issued_{};
  bool record_full_ = false;
  std::vector<std::uint64_t> outstanding_;  // Concurrent, and Server with a limit
};

}  // namespace loadgen
