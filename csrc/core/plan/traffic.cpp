// SPDX-License-Identifier: Apache-2.0
#include "plan/traffic.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "base/error.hpp"

namespace loadgen {
namespace {

constexpr std::uint64_t kUnending = std::numeric_limits<std::uint64_t>::max();

// Twice the target duration still fits.
constexpr Duration kLongestTarget = kEndOfTime / 2;

std::uint64_t round_up(std::uint64_t value, std::uint64_t multiple) {
  const std::uint64_t rest = value % multiple;
  return rest == 0 ? value : value + (multiple - rest);
}

Arrivals make_arrivals(PlanSettings& settings) {
  if (settings.scenario == Scenario::Server) return Arrivals{std::move(settings.arrivals), settings.schedule_seed};
  return Arrivals{settings.scenario == Scenario::Concurrent ? Duration::zero() : settings.period};
}

}  // namespace

/// What the sample order is of: the samples, or the conversations.
LoadedSet ordered_set(const PlanSettings& settings, LoadedSet&& set) {
  if (settings.conversations.turns.empty()) return std::move(set);
  if (settings.scenario != Scenario::Server || settings.accuracy) throw Error{ErrorCode::InvalidPlan};
  std::vector<std::uint32_t> numbers(settings.conversations.turns.size());
  std::iota(numbers.begin(), numbers.end(), 0U);
  return {.samples = std::move(numbers), .end = settings.conversations.turns.size()};
}

/// LoadGen's sizes of a series. Expressions and their order are those of its query generation.
struct TrafficPlan::Extent {
  Extent(const PlanSettings& settings, const LoadedSet& set);

  std::uint64_t samples_per_query;
  std::uint64_t planned_queries;  // before rounding: covered by the permutations
  std::uint64_t min_queries;
  Duration plan_duration;
  std::uint64_t extension;
  bool bounded;
};

TrafficPlan::Extent::Extent(const PlanSettings& settings, const LoadedSet& set) {
  const bool offline = settings.scenario == Scenario::Offline;
  const bool server = settings.scenario == Scenario::Server;
  const bool replay = server && settings.arrivals.kind == ArrivalKind::Replay;
  const bool once = settings.accuracy || settings.order == SampleOrder::Unique;
  const bool equal_issue =
      settings.order == SampleOrder::Permutation || (settings.order == SampleOrder::Same && settings.whole_sets);
  const std::uint64_t set_size = set.samples.size();
  const Duration target = settings.target_duration;
  if (target < Duration::zero() || target > kLongestTarget) throw Error{ErrorCode::InvalidPlan};

  samples_per_query = offline && settings.accuracy ? set_size : settings.samples_per_query;
  if (samples_per_query == 0 || set_size == 0) throw Error{ErrorCode::InvalidPlan};
  bounded = settings.bounded || offline || once || replay;
  planned_queries = once ? set_size / samples_per_query : settings.min_query_count;
  plan_duration = once ? Duration::zero() : target * (server ? 1 : 2);
  min_queries = planned_queries;
  extension = 0;
  if (!settings.accuracy && equal_issue) {
    (offline ? samples_per_query : min_queries) = round_up(offline ? samples_per_query : min_queries, set_size);
    if (!offline) extension = set_size;
  }
  if (replay) {
    // Of conversations, whose turns are counted here, next_conversation() counts the timestamps.
    const bool counts_turns = !settings.conversations.turns.empty();
    min_queries = std::min<std::uint64_t>(once ? min_queries : kUnending,
                                          counts_turns ? kUnending : settings.arrivals.timestamps_ns.size());
    plan_duration = Duration::zero();
  } else if (!bounded) {
    min_queries = kUnending;
    plan_duration = Duration::zero();
  }
  const bool ends = server || plan_duration == Duration::zero() || settings.period > Duration::zero();
  if ((min_queries == 0 && plan_duration == Duration::zero()) || !ends) throw Error{ErrorCode::InvalidPlan};
}

TrafficPlan::TrafficPlan(PlanSettings settings, LoadedSet set, Mt19937* accuracy_log_engine)
    : TrafficPlan{std::move(settings), std::move(set), accuracy_log_engine, Extent{settings, set}} {}

TrafficPlan::TrafficPlan(PlanSettings&& settings, LoadedSet&& set, Mt19937* accuracy_log_engine, const Extent& extent)
    : conversations_{settings.conversations, set.end, settings.schedule_seed},
      source_{{.scenario = settings.scenario,
               .accuracy = settings.accuracy,
               .order = settings.order,
               .same_index = settings.same_index,
               .samples_per_query = extent.samples_per_query,
               .planned_queries = extent.planned_queries,
               .sample_index_seed = settings.sample_index_seed},
              ordered_set(settings, std::move(set))},
      arrivals_{make_arrivals(settings)},
      accuracy_log_{settings.accuracy, settings.accuracy_log_probability, settings.accuracy_log_seed,
                    accuracy_log_engine},
      timed_{settings.scenario == Scenario::Server},
      one_sample_{settings.scenario != Scenario::MultiStream && settings.scenario != Scenario::Offline &&
                  conversations_.count() == 0},
      bounded_{extent.bounded},
      samples_per_query_{extent.samples_per_query},
      min_queries_{extent.min_queries},
      plan_duration_{extent.plan_duration},
      extension_{extent.extension} {}

void TrafficPlan::pass_over_untaken() {
  if (!has_conversations()) source_.skip(untaken_);
  accuracy_log_.skip(untaken_);
  untaken_ = 0;
}

void TrafficPlan::take_several(std::span<std::uint32_t> indices) {
  if (has_conversations()) {
    conversations_.take(indices);
  } else {
    source_.take(indices);
  }
}

bool TrafficPlan::next_conversation(PlannedQuery& query) {
  if (conversations_begun_ == arrivals_.count()) return false;
  ++conversations_begun_;
  conversations_.begin(source_.one());
  last_due_ = arrivals_.instant();
  query = {last_due_, conversations_.turns()};
  query_count_ += query.sample_count;
  untaken_ = query.sample_count;
  arrivals_.advance();
  return true;
}

void TrafficPlan::run_dry() {
  pass_over_untaken();
  if (!bounded_) return;
  const std::uint64_t before = sample_count();
  for (PlannedQuery query; next(query);) untaken_ = 0;  // no sample of this series is asked for any more
  accuracy_log_.skip(sample_count() - before);
}

}  // namespace loadgen
