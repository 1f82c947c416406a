// SPDX-License-Identifier: Apache-2.0
// Scenarios in which an answer lets the next query go: SingleStream, MultiStream, Concurrent; and warm-up.
#include <algorithm>

#include "base/error.hpp"
#include "engine/issuer.hpp"

namespace loadgen {

SeriesEnd Issuer::one_at_a_time(TrafficPlan& plan) {
  PlannedQuery query;
  bool more = stage(plan, query);
  outcome_.start = last_issued_ = start();
  while (more) {
    const RowRange rows = staged_;
    Instant now;
    const bool issued = issue_now(rows.count, now);
    ++outcome_.n_queries;
    outcome_.last_scheduled = now - outcome_.start;
    if (!issued) return SeriesEnd::SutRaised;
    if (const auto end = stop_after(now)) return *end;
    more = stage(plan, query);  // before the answer comes, so that the next query can go at once
    if (!more) break;
    if (settings_.pull) run_.batcher_.announce_pause(rows.first + rows.count);
    const WaitEnd wait = wait_for(rows);
    if (wait != WaitEnd::Ready) return end_of(wait);
    if (!waiter_.keep_going(now)) return SeriesEnd::Aborted;
  }
  return end_of_plan();
}

SeriesEnd Issuer::concurrent(TrafficPlan& plan) {
  PlannedQuery query;
  bool more = stage(plan, query);
  outcome_.start = last_issued_ = start();
  const auto slot_free = [this] {
    return std::ranges::any_of(outstanding_, [this](std::uint64_t row) { return record_.is_done(row); });
  };
  while (more) {
    if (outstanding_.size() >= settings_.concurrency) {
      if (settings_.pull) run_.batcher_.announce_pause(staged_.first);
      const std::uint64_t oldest = *std::ranges::min_element(outstanding_);
      const WaitEnd wait = waiter_.until_any_answer({oldest, staged_.first - oldest}, slot_free);
      if (wait != WaitEnd::Ready) return end_of(wait);
      drop_answered();
    }
    outstanding_.push_back(staged_.first);
    Instant now;
    const bool issued = issue_now(1, now);
    ++outcome_.n_queries;
    outcome_.last_scheduled = now - outcome_.start;
    if (!issued) return SeriesEnd::SutRaised;
    if (const auto end = stop_after(now)) return *end;
    if (!waiter_.keep_going(now)) return SeriesEnd::Aborted;
    more = stage(plan, query);
  }
  return end_of_plan();
}

void Issuer::drop_answered() {
  std::erase_if(outstanding_, [this](std::uint64_t row) { return record_.is_done(row); });
}

void Issuer::warm_up(std::span<const std::uint32_t> samples, std::uint64_t n_queries, std::uint64_t samples_per_query) {
  staged_ = {record_.head(), 0};
  last_issued_ = record_.clock().now();
  std::uint64_t position = 0;
  for (std::uint64_t query = 0; query < n_queries; ++query) {
    if (run_.aborted() || !stage_rows(samples_per_query)) return;
    for (std::uint64_t row = staged_.first; row < staged_end(); ++row)
      *record_.index_at(row) = samples[position++ % samples.size()];
    const RowRange rows = staged_;
    Instant now;
    const bool issued = issue_now(rows.count, now);
    if (settings_.pull) run_.batcher_.announce_pause(rows.first + rows.count);
    // relaxed: see Run::warm_up_rows()
    run_.warm_up_rows_.store(staged_.first, std::memory_order_relaxed);
    if (!issued) return;
    const WaitEnd wait = wait_for(rows);
    if (wait == WaitEnd::Silent) throw Error{ErrorCode::WarmUpUnanswered};
    if (wait != WaitEnd::Ready || !waiter_.keep_going(now)) return;
  }
}

}  // namespace loadgen
