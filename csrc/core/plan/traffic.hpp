// SPDX-License-Identifier: Apache-2.0
// The traffic of one series: which samples, due when. Pure: no clock, no thread; the same settings
// give the same traffic on every platform, and it is the traffic that MLPerf's LoadGen 6.0 makes of
// them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/check.hpp"
#include "base/time.hpp"
#include "plan/accuracy_log.hpp"
#include "plan/arrivals.hpp"
#include "plan/conversations.hpp"
#include "plan/loadable_sets.hpp"
#include "plan/sample_order.hpp"
#include "plan/sample_source.hpp"
#include "plan/scenario.hpp"
#include "random/mt19937.hpp"

namespace loadgen {

/// Effective settings of a run, as far as the plan of a series depends on them.
struct PlanSettings {
  Scenario scenario = Scenario::SingleStream;
  bool accuracy = false;  // an accuracy series: each sample of the loaded set once
  SampleOrder order = SampleOrder::Random;
  bool whole_sets = false;              // SampleOrder::Same: as many queries as whole permutations would have
  std::uint64_t same_index = 0;         // SampleOrder::Same: position in the loaded set
  std::uint64_t samples_per_query = 1;  // MultiStream and Offline; 1 elsewhere
  std::uint64_t min_query_count = 0;
  Duration target_duration{0};
  Duration period{0};          // between queries of SingleStream, MultiStream and Offline: sizes the plan,
                               // paces nothing
  bool bounded = true;         // false: goes on until the engine stops, unless each sample may be issued once only
  ArrivalSettings arrivals{};  // Server
  ConversationSettings conversations{};  // Server, of a loaded set that is the samples 0, 1, 2, ... in any order
  std::uint64_t sample_index_seed = 0;
  std::uint64_t schedule_seed = 0;
  std::uint64_t accuracy_log_seed = 0;
  double accuracy_log_probability = 0.0;  // 0: nothing is drawn from the accuracy-log engine
};

struct PlannedQuery {
  Duration due{0};                 // since the series' start; 0 where a query waits for a free slot, and in Offline
  std::uint64_t sample_count = 0;  // of a conversation: its turns, each of which is a query
};

/// One series, drawn while it is issued. Memory: the loaded set and 25 KiB, whatever the number of
/// queries (Replay: and its timestamps).
///
/// How many queries there are: accuracy series and SampleOrder::Unique have as many as the loaded
/// set fills. Replay has one for each timestamp (at most that many). Otherwise until one is due at
/// or after the target duration (twice that, but for Server) and there are at least
/// `min_query_count`; with SampleOrder::Permutation rounded up to whole permutations. Offline has
/// one query.
///
/// Of conversations, next() gives the start of each, and its turns are the samples; which one it is
/// the sample order says, of conversations in place of samples. Counts, also `min_query_count`, are
/// of turns.
///
/// Thread safety: none. Cost of a one-sample query (Server, Random): 7 to 9 ns.
class TrafficPlan {
 public:
  /// `accuracy_log_engine` is the run's, shared by its series in their order, and outlives the
  /// plan; it may be null when the probability is 0. Throws Error{InvalidPlan} when the settings
  /// give no traffic, none that ends, or do not fit the loaded set, and Error{IndexOutOfRange} when
  /// the sample to repeat lies outside the set.
  TrafficPlan(PlanSettings settings, LoadedSet set, Mt19937* accuracy_log_engine);

  /// On to the next query; false when the plan has ended. Samples not taken of the query before are
  /// passed over.
  bool next(PlannedQuery& query) {
    if (untaken_ != 0) [[unlikely]] {
      pass_over_untaken();
    }
    if (query_count_ >= min_queries_) {
      if (last_due_ >= plan_duration_) return false;
      min_queries_ += extension_;
    }
    if (conversations_.count() != 0) [[unlikely]] {
      return next_conversation(query);
    }
    last_due_ = arrivals_.instant();
    query.due = timed_ ? last_due_ : Duration::zero();
    query.sample_count = samples_per_query_;
    ++query_count_;
    untaken_ = samples_per_query_;
    arrivals_.advance();
    return true;
  }

  /// The next samples of the current query, and, unless `keep` is null, for each of them 1 where
  /// the answer goes to the accuracy log, else 0. REQUIRES: so many are left of the query.
  void take_samples(std::span<std::uint32_t> indices, std::uint8_t* keep) {
    LOADGEN_CHECK(indices.size() <= untaken_);
    untaken_ -= indices.size();
    if (one_sample_ && indices.size() == 1) [[likely]] {
      indices[0] = source_.one();
    } else {
      take_several(indices);
    }
    if (keep == nullptr) {
      accuracy_log_.skip(indices.size());
    } else {
      for (std::size_t i = 0; i < indices.size(); ++i) keep[i] = accuracy_log_.keep();
    }
  }

  /// Draws what is left of the plan, so that counts, duration and the accuracy-log engine stand
  /// where they stand in LoadGen, which draws all queries before it issues one. A plan that is not
  /// bounded: what is left of its current query. Cost: 6 ns a query (Server), 1 to 2 elsewhere.
  void run_dry();

  /// Queries, their samples, and the time that they span (with the gap after the last one), as far
  /// as planned.
  [[nodiscard]] std::uint64_t query_count() const noexcept { return query_count_; }
  [[nodiscard]] std::uint64_t sample_count() const noexcept { return query_count_ * samples_per_query_; }
  [[nodiscard]] Duration duration() const noexcept { return arrivals_.instant(); }
  /// Whether queries are turns of conversations.
  [[nodiscard]] bool has_conversations() const noexcept { return conversations_.count() != 0; }
  /// Between the turns of the current conversation.
  [[nodiscard]] std::span<const Duration> think_times() const noexcept { return conversations_.think_times(); }
  /// Samples of the current query that have not been taken.
  [[nodiscard]] std::uint64_t untaken() const noexcept { return untaken_; }
  /// Whether the plan has an end.
  [[nodiscard]] bool bounded() const noexcept { return bounded_; }

 private:
  struct Extent;  // how much traffic the settings ask for

  TrafficPlan(PlanSettings&& settings, LoadedSet&& set, Mt19937* accuracy_log_engine, const Extent& extent);
  void pass_over_untaken();
  bool next_conversation(PlannedQuery& query);
  void take_several(std::span<std::uint32_t> indices);

  ConversationStream conversations_;
  SampleSource source_;
  Arrivals arrivals_;
  AccuracyLogChoice accuracy_log_;
  bool timed_;       // queries have an instant to wait for
  bool one_sample_;  // a query
  bool bounded_;
  std::uint64_t samples_per_query_;
  std::uint64_t min_queries_;
  Duration plan_duration_;
  std::uint64_t extension_;  // Permutation: added to min_queries_ while the plan is too short
  std::uint64_t query_count_ = 0;
  std::uint64_t conversations_begun_ = 0;
  std::uint64_t untaken_ = 0;  // of the current query
  Duration last_due_{0};
};

}  // namespace loadgen
