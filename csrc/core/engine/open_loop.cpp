// SPDX-License-Identifier: Apache-2.0
// Server: queries go when they are due, whatever the system under test does.
#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "engine/issuer.hpp"

namespace loadgen {

namespace {

// What a query needs, code and data, may have left the cache since the one before, the more the longer ago that was. So
// it is fetched before the deadline; and under push the interpreter's lock is taken, and held while spinning, since
// taking it after the deadline would cost 0.1 us of every issue. At most a fiftieth of the lock's time goes to that.
constexpr Duration kShortestLead = std::chrono::microseconds{3};
constexpr Duration kLongestLead = std::chrono::microseconds{30};
constexpr int kLeadOfGap = 50;

// Under pull, queries that are late together are published together: a cache line that goes back and forth between
// two processors for each of them would be the cap on the rate. So many take less than a microsecond.
constexpr std::uint64_t kMostPublishedTogether = 32;

// A taker that sleeps in the kernel takes some 100 us to wake: it is told that something is about to come, where there
// is time for that.
constexpr Duration kNotice = std::chrono::microseconds{400};
constexpr Duration kLeastForNotice = std::chrono::milliseconds{1};

// The interpreter's lock is waited for in some issues of many, while other threads want it.
constexpr int kLooksAfterWaiting = 256;

}  // namespace

SeriesEnd Issuer::scheduled(TrafficPlan& plan) {
  PlannedQuery query;
  bool more = stage(plan, query);
  Instant now = outcome_.start = last_issued_ = start();
  if (more) record_.set_scheduled(staged_.first, outcome_.start + query.due);
  if (settings_.max_queries && part_.index >= *settings_.max_queries) return SeriesEnd::MaxQueries;
  while (more) {
    const WaitEnd wait = wait_until_due(outcome_.start + query.due, now);
    if (wait != WaitEnd::Ready) return end_of(wait);
    // Without merging the next query is staged after this one is handed over: nothing stands before the issue.
    const std::uint64_t may_merge = mergeable();
    const bool issued = issue_due(plan, query, may_merge, now, more);
    if (!issued) return SeriesEnd::SutRaised;
    if (!settings_.accuracy && too_many_outstanding()) return SeriesEnd::TooManyOutstanding;
    if (const auto end = stop_after(last_issued_)) return *end;
    if (!waiter_.keep_going(now)) return SeriesEnd::Aborted;
    if (may_merge > 0) continue;
    more = stage(plan, query);
    if (more) record_.set_scheduled(staged_.first, outcome_.start + query.due);
  }
  return end_of_plan();
}

WaitEnd Issuer::wait_until_due(Instant due, Instant& now) {
  if (record_.clock().virtual_clock() != nullptr) return waiter_.until(due, now);
  if (settings_.pull && run_.batcher_.rings() && now < due - kLeastForNotice) {
    const WaitEnd wait = waiter_.until(due - kNotice, now);
    if (wait != WaitEnd::Ready) return wait;
    run_.batcher_.announce();
  }
  const Duration lead = lead_of(due);
  way_.looked = true;
  if (now < due - lead) {
    const WaitEnd wait = waiter_.until(due - lead, now);
    if (wait != WaitEnd::Ready || calls_.enter != nullptr) return wait;
    return warm() ? waiter_.until(due, now) : WaitEnd::Stopped;
  }
  if (calls_.enter != nullptr) {
    // A reading of the clock for each late query would cost a tenth of what some systems take for one.
    way_.looked = looks_left_ > 0;
    if (way_.looked) now = record_.clock().now();
    return WaitEnd::Ready;
  }
  // A query that is late already goes with the instant at which the last call returned: what lies between is counted
  // with the next one. Under pull there is no such instant.
  return now < due || settings_.pull ? waiter_.until(due, now) : WaitEnd::Ready;
}

Duration Issuer::lead_of(Instant due) const noexcept {
  return std::clamp((due - last_issued_) / kLeadOfGap, kShortestLead, kLongestLead);
}

bool Issuer::warm() {
  record_.warm(staged_.first, part_.index);
  return calls_.warm == nullptr || calls_.warm(calls_.user);
}

bool Issuer::issue_due(TrafficPlan& plan, PlannedQuery& query, std::uint64_t may_merge, Instant& now, bool& more) {
  const Instant due = outcome_.start + query.due;
  const Instant ideal = std::max(due, ideally_free_);
  bool issued = false;
  Instant at;
  way_.ready = now;
  {
    const Entered entered{calls_};
    if (calls_.enter != nullptr && now < due && !warm()) return false;
    // The stamp comes after the lock: waiting for it is part of the delay.
    if (calls_.enter != nullptr) {
      now = way_.entered = record_.clock().now();
      looks_left_ = now - way_.ready > LateIssues::kLongestWork ? kLooksAfterWaiting : std::max(looks_left_ - 1, 0);
      while (now < due) now = record_.clock().now();
    }
    at = now;
    outcome_.last_scheduled = query.due;
    const std::uint64_t queries = 1 + (may_merge > 0 ? merge_late(plan, query, now, may_merge, more) : 0);
    if (settings_.max_outstanding)
      for (std::uint64_t row = 0; row < queries; ++row) outstanding_.push_back(staged_.first + row);
    outcome_.n_queries += queries;
    issued = hand_over(queries, now);
  }
  count_delay(due, at);  // after the call: these histograms may be far from the cache
  way_.free = at;
  if (settings_.pull) return issued;
  const Instant returned = way_.free = record_.clock().now();
  in_issue_ += returned - at;
  ideally_free_ = ideal + (returned - at);
  now = returned;
  return issued;
}

void Issuer::count_delay(Instant due, Instant issued) {
  const Instant ideal = std::max(due, ideally_free_);
  count_own_delay(ideal, issued);
  if (ideal > due) blocked_delay_.add(ideal - due);  // the others are added up in issue()
}

std::uint64_t Issuer::mergeable() const noexcept {
  if (settings_.coalesce) {
    if (settings_.accuracy || !settings_.max_queries) return std::numeric_limits<std::uint64_t>::max();
    // Each part issues every `of`-th query below the limit; the one that is due is among them.
    return (*settings_.max_queries - 1 - part_.index) / part_.of - outcome_.n_queries;
  }
  // Limits are looked at between queries.
  const bool limited = settings_.max_queries || settings_.max_duration || settings_.max_outstanding;
  return settings_.pull && !limited ? kMostPublishedTogether : 0;
}

std::uint64_t Issuer::merge_late(TrafficPlan& plan, PlannedQuery& query, Instant now, std::uint64_t most, bool& more) {
  std::uint64_t merged = 0;
  most = std::min(most, record_.together(staged_.first) - 1);
  // What held the first one up is counted with it, once, as the clocks of the thread and the machine count it.
  const Instant free = std::exchange(way_.free, now);
  while ((more = stage(plan, query))) {
    const Instant due = outcome_.start + query.due;
    record_.set_scheduled(staged_end() - 1, due);
    if (due > now || merged == most) break;
    count_delay(due, now);
    outcome_.last_scheduled = query.due;
    ++merged;
  }
  way_.free = free;
  return merged;
}

bool Issuer::too_many_outstanding() {
  const std::optional<std::uint64_t>& most = settings_.max_outstanding;
  if (!most || outstanding_.size() <= *most) return false;
  drop_answered();
  return outstanding_.size() > *most;
}

}  // namespace loadgen
