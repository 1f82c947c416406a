// SPDX-License-Identifier: Apache-2.0
// Issues one series: takes queries from the plan, waits for what the scenario waits for, hands rows to the SUT.
//
// One file a family: closed_loop.cpp (SingleStream, MultiStream, Concurrent), open_loop.cpp (Server), conversations.cpp
// (Server, whose queries are turns), offline.cpp.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/conversations.hpp"
#include "engine/issuing.hpp"
#include "engine/run.hpp"

namespace loadgen {

/// Where several issuing threads take the same instant as the series' start, when all are ready.
class CommonStart {
 public:
  explicit CommonStart(std::uint32_t n_threads) noexcept : missing_{n_threads} {}
  Instant wait_for_all(const Clock& clock) noexcept;
  /// Lets all go that are waiting, since others will not come.
  void release(const Clock& clock) noexcept;

 private:
  std::atomic<std::uint32_t> missing_;
  std::atomic<std::int64_t> start_{0};
};

/// What one of several issuing threads does: queries number `index`, `index + of`, ... of the plan.
struct Part {
  std::uint32_t index = 0;
  std::uint32_t of = 1;
  CommonStart* start = nullptr;
};

/// Lives on the issuing thread, for one series or one warm-up.
class Issuer {
 public:
  Issuer(Run& run, const SeriesSettings& settings, const SutCalls& calls, Part part = {})
      : run_{run},
        record_{run.record_},
        settings_{settings},
        calls_{calls},
        part_{part},
        waiter_{run.record_, run.aborted_, calls, waiting_of(run, settings)} {}

  /// Issues this part of the plan. `finish` is to follow, on the first part's issuer.
  void issue(TrafficPlan& plan);
  /// Counts what another part issued as this one's. In the order of the parts.
  void take_over(const Issuer& other);
  /// Flushes, waits for what is outstanding, and returns what was done.
  SeriesOutcome finish(TrafficPlan& plan);
  [[nodiscard]] SeriesEnd end() const noexcept { return outcome_.end; }
  void warm_up(std::span<const std::uint32_t> samples, std::uint64_t n_queries, std::uint64_t samples_per_query);

 private:
  static WaiterSettings waiting_of(const Run& run, const SeriesSettings& settings) noexcept;
  SeriesEnd issue_all(TrafficPlan& plan);
  // Each issues the whole series and returns why it ended.
  SeriesEnd one_at_a_time(TrafficPlan& plan);
  SeriesEnd concurrent(TrafficPlan& plan);
  SeriesEnd scheduled(TrafficPlan& plan);
  SeriesEnd conversations(TrafficPlan& plan);
  SeriesEnd offline(TrafficPlan& plan);

  // What they share (issuer.cpp) ---------------------------------------------------------------------------------
  /// Writes the plan's next query into the rows after what is staged. False: the plan has ended, or the record is
  /// full (then record_full_).
  bool stage(TrafficPlan& plan, PlannedQuery& query);
  /// Adds rows to what is staged. False: the record is full. In a ring, takes what lay there before; full is one where
  /// that has no answer yet.
  bool stage_rows(std::uint64_t count);
  [[nodiscard]] std::uint64_t staged_end() const noexcept { return staged_.first + staged_.count; }

  /// When the series starts: now, or when all parts are ready.
  [[nodiscard]] Instant start() noexcept {
    return part_.start == nullptr ? record_.clock().now() : part_.start->wait_for_all(record_.clock());
  }

  /// Between enter() and leave() of the SUT's calls.
  class Entered {
   public:
    explicit Entered(const SutCalls& calls) : calls_{calls} {
      if (calls_.enter != nullptr) calls_.enter(calls_.user);
    }
    ~Entered() {
      if (calls_.leave != nullptr) calls_.leave(calls_.user);
    }
    Entered(const Entered&) = delete;
    Entered& operator=(const Entered&) = delete;

   private:
    const SutCalls& calls_;
  };
  /// Reads the clock and hands the first `rows` staged rows over; `now` is their issue stamp. False: the SUT raised.
  bool issue_now(std::uint64_t rows, Instant& now);
  /// Hands the first `rows` staged rows over, while Entered. False: the SUT raised.
  bool hand_over(std::uint64_t rows, Instant issued);
  /// The stop rules that are looked at after a query was issued, in MLPerf's order.
  [[nodiscard]] std::optional<SeriesEnd> stop_after(Instant issued) const;
  WaitEnd wait_for(RowRange rows);
  /// Flushes and waits for what is outstanding, unless `end` cut the series off. Returns how it ended after all.
  SeriesEnd drain(SeriesEnd end);
  /// What is left of `rows` without those at its beginning that are answered.
  [[nodiscard]] RowRange from_first_open(RowRange rows) const noexcept;
  void count_outstanding();
  [[nodiscard]] bool is_server() const noexcept { return run_.settings_.scenario == Scenario::Server; }
  static SeriesEnd end_of(WaitEnd wait) noexcept {
    return wait == WaitEnd::Silent ? SeriesEnd::DrainTimeout : SeriesEnd::Aborted;
  }
  [[nodiscard]] SeriesEnd end_of_plan() const noexcept;

  // Server only (open_loop.cpp)
  /// How long before `due` what the issue needs is fetched.
  [[nodiscard]] Duration lead_of(Instant due) const noexcept;
  /// `now` is the last reading of the clock, before and after.
  WaitEnd wait_until_due(Instant due, Instant& now);
  /// Issues the staged query, and with it up to `may_merge` that are late too; see merge_late() for `more`.
  bool issue_due(TrafficPlan& plan, PlannedQuery& query, std::uint64_t may_merge, Instant& now, bool& more);
  void count_delay(Instant due, Instant issued);
  /// Takes how late a query was for the generator's own part.
  void count_own_delay(Instant ideal, Instant issued);
  /// Fetches what the next query needs. False: stop.
  bool warm();
  /// How many late queries may be handed over with the one that is issued.
  [[nodiscard]] std::uint64_t mergeable() const noexcept;
  /// Stages further queries that are due by `now`, at most `most`; each is one row. Returns how many; one more is
  /// staged, in `query`, unless `more` is false.
  std::uint64_t merge_late(TrafficPlan& plan, PlannedQuery& query, Instant now, std::uint64_t most, bool& more);
  [[nodiscard]] bool too_many_outstanding();
  void drop_answered();

  // Conversations only (conversations.cpp); `ticket` is the signal's: a change of it means that an answer came
  /// Stages the next turn, in place of the one that was staged before. False: the record is full.
  bool stage_turn(const OpenConversations& talks);
  /// Waits for an answer while nothing is due.
  WaitEnd wait_for_turn(const OpenConversations& talks, std::uint32_t ticket, Instant& now);
  /// As above, but at most until an answer comes.
  WaitEnd wait_until_due(Instant due, std::uint32_t ticket, Instant& now);

  Run& run_;
  Record& record_;
  const SeriesSettings& settings_;
  const SutCalls& calls_;
  Part part_;
  Waiter waiter_;
  SeriesOutcome outcome_;
  RowRange staged_;  // written, not yet issued
  Instant last_issued_{};
  // Server, push and native: when a generator that is never late would be free again, given how long each issue() took.
  // What a query is later than this is the generator's doing, the rest is the SUT's.
  Instant ideally_free_{};
  WayToIssue way_;
  int looks_left_ = 0;  // before so many late queries the clock is read: an enter() took longer than any work
  Duration in_issue_{0};
  Issuing issuing_;

  bool record_full_ = false;
  // Of each query, see Run::own_delay()
  DurationHistogram own_delay_;
  DurationHistogram blocked_delay_;
  std::vector<std::uint64_t> outstanding_;  // Concurrent, and Server with a limit
};

}  // namespace loadgen
