// SPDX-License-Identifier: Apache-2.0
// Server: queries go when they are due, whatever the system under test does.
#include <algorithm>

#include "engine/issuer.hpp"

namespace loadgen {

namespace {

// Under push the interpreter's lock is taken this long before the deadline and held while spinning: taking it after
// the deadline would cost 0.1 us of every issue.
constexpr Duration kEnterLead = std::chrono::microseconds{3};

}  // namespace

SeriesEnd Issuer::scheduled(TrafficPlan& plan) {
  PlannedQuery query;
  bool more = stage(plan, query);
  outcome_.start = last_issued_ = record_.clock().now();
  if (more) record_.set_scheduled(staged_.first, outcome_.start + query.due);
  while (more) {
    const Instant due = outcome_.start + query.due;
    Instant now;
    Instant returned;
    const WaitEnd wait = wait_until_due(due, now, returned);
    if (wait != WaitEnd::Ready) {
      leave();
      return end_of(wait);
    }
    count_delay(due, returned, now);
    outcome_.last_scheduled = query.due;
    std::uint64_t queries = 1;
    // Without coalescing the next query is staged after this one is handed over: nothing stands before the issue.
    if (settings_.coalesce) queries += coalesce(plan, query, now, returned, more);
    if (settings_.max_outstanding)
      for (std::uint64_t row = 0; row < queries; ++row) outstanding_.push_back(staged_.first + row);
    const bool issued = hand_over(queries, now);
    leave();
    outcome_.n_queries += queries;
    if (!issued) return SeriesEnd::SutRaised;
    if (!settings_.accuracy && settings_.max_outstanding && too_many_outstanding())
      return SeriesEnd::TooManyOutstanding;
    if (const auto end = stop_after(now)) return *end;
    if (!waiter_.keep_going(now)) return SeriesEnd::Aborted;
    if (settings_.coalesce) continue;
    more = stage(plan, query);
    if (more) record_.set_scheduled(staged_.first, outcome_.start + query.due);
  }
  return end_of_plan();
}

WaitEnd Issuer::wait_until_due(Instant due, Instant& issued, Instant& returned) {
  issued = returned = record_.clock().now();
  const bool real_clock = record_.clock().virtual_clock() == nullptr;
  const Duration lead = calls_.enter != nullptr && real_clock ? kEnterLead : Duration{0};
  WaitEnd wait = WaitEnd::Ready;
  if (issued < due - lead) wait = waiter_.until(due - lead, issued);
  if (calls_.enter == nullptr) return wait;
  enter();
  // The stamp comes after the lock: waiting for it is part of the delay.
  do {
    issued = record_.clock().now();
  } while (wait == WaitEnd::Ready && issued < due);
  return wait;
}

void Issuer::count_delay(Instant due, Instant returned, Instant issued) {
  // Under pull nothing of the SUT runs on this thread, so every delay is the generator's own.
  const Instant free = settings_.pull ? due : std::max(due, returned);
  run_.own_delay_.add(issued - free);
  run_.blocked_delay_.add(free - due);
}

std::uint64_t Issuer::coalesce(TrafficPlan& plan, PlannedQuery& query, Instant now, Instant returned, bool& more) {
  std::uint64_t merged = 0;
  while ((more = stage(plan, query))) {
    const Instant due = outcome_.start + query.due;
    record_.set_scheduled(staged_end() - 1, due);
    if (due > now) break;
    count_delay(due, returned, now);
    outcome_.last_scheduled = query.due;
    ++merged;
  }
  return merged;
}

bool Issuer::too_many_outstanding() {
  if (outstanding_.size() <= *settings_.max_outstanding) return false;
  drop_answered();
  return outstanding_.size() > *settings_.max_outstanding;
}

}  // namespace loadgen
