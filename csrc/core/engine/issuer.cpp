// SPDX-License-Identifier: Apache-2.0
#include "engine/issuer.hpp"

#include <algorithm>

namespace loadgen {

const char* series_end_name(SeriesEnd end) noexcept {
  switch (end) {
    case SeriesEnd::Natural:
      return "natural";
    case SeriesEnd::RanOut:
      return "ran_out";
    case SeriesEnd::Stopped:
      return "stopped";
    case SeriesEnd::MaxQueries:
      return "max_queries";
    case SeriesEnd::MaxDuration:
      return "max_duration";
    case SeriesEnd::TooManyOutstanding:
      return "too_many_outstanding";
    case SeriesEnd::Aborted:
      return "aborted";
    case SeriesEnd::SutRaised:
      return "sut_raised";
    case SeriesEnd::DrainTimeout:
      return "drain_timeout";
    case SeriesEnd::RecordFull:
      return "record_full";
  }
  return "unknown";
}

Instant CommonStart::wait_for_all(const Clock& clock) noexcept {
  // acq_rel: a thread that is ready has staged its first row
  if (missing_.fetch_sub(1, std::memory_order_acq_rel) == 1) release(clock);
  start_.wait(0, std::memory_order_acquire);  // acquire: pairs with release()
  return from_stamp(start_.load(std::memory_order_acquire));
}

void CommonStart::release(const Clock& clock) noexcept {
  std::int64_t none = 0;
  // release: pairs with wait_for_all(); relaxed: somebody else has done it
  start_.compare_exchange_strong(none, to_stamp(clock.now()), std::memory_order_release, std::memory_order_relaxed);
  start_.notify_all();
}

void Issuer::issue(TrafficPlan& plan) {
  staged_ = {record_.head(part_.index), 0};
  outcome_.parts = {{staged_.first, 0}};
  const bool simulated = record_.clock().virtual_clock() != nullptr;
  const auto used_before = simulated ? std::nullopt : thread_usage();
  const Instant began = record_.clock().now();
  try {
    outcome_.end = issue_all(plan);
  } catch (...) {
    outcome_.end = SeriesEnd::SutRaised;
    outcome_.failure = std::current_exception();
  }
  issuing_.wall = record_.clock().now() - began;
  const auto used = used_before ? thread_usage() : std::nullopt;
  if (used) issuing_.usage = used->since(*used_before);
  issuing_.n_due = own_delay_.count();
  if (is_server()) blocked_delay_.add(Duration{0}, issuing_.n_due - blocked_delay_.count());
  if (is_server() && !settings_.pull) issuing_.in_issue = in_issue_;
  issuing_.wake_up_error.add(waiter_.wake_up_error());
  outcome_.parts.front().count = outcome_.n_rows;
}

void Issuer::take_over(const Issuer& other) {
  outcome_.n_rows += other.outcome_.n_rows;
  outcome_.n_queries += other.outcome_.n_queries;
  outcome_.parts.push_back(other.outcome_.parts.front());
  outcome_.last_scheduled = std::max(outcome_.last_scheduled, other.outcome_.last_scheduled);
  outcome_.end = std::max(outcome_.end, other.outcome_.end);  // the worse ones come later in their list
  if (!outcome_.failure) outcome_.failure = other.outcome_.failure;
  last_issued_ = std::max(last_issued_, other.last_issued_);
  own_delay_.add(other.own_delay_);
  blocked_delay_.add(other.blocked_delay_);
  issuing_.add(other.issuing_);
}

void Issuer::count_own_delay(Instant ideal, Instant issued) {
  own_delay_.add(issued - ideal);
  if (issued - ideal <= LateIssues::kLate) [[likely]]
    return;
  if (issuing_.late.add_following(way_.free, ideal, issued)) return;
  way_.polled = waiter_.polled_at();
  way_.woken = waiter_.woken_at();
  issuing_.late.add(way_, ideal, issued);
}

SeriesOutcome Issuer::finish(TrafficPlan& plan) {
  // A part with its share of the limit issued does not know that the plan ended before the others had theirs.
  if (outcome_.end == SeriesEnd::MaxQueries && outcome_.n_queries < settings_.max_queries.value_or(0))
    outcome_.end = end_of_plan();
  try {
    outcome_.end = drain(outcome_.end);
  } catch (...) {
    outcome_.end = SeriesEnd::SutRaised;
    outcome_.failure = std::current_exception();
  }
  outcome_.last_issued = last_issued_ - outcome_.start;
  outcome_.end_time = record_.clock().now() - outcome_.start;
  count_outstanding();
  outcome_.first_row = run_.rows_issued() - outcome_.n_rows;
  outcome_.first_query_id = run_.next_query_id_;
  outcome_.first_sample_id = run_.next_sample_id_;
  const bool cut_off = outcome_.end == SeriesEnd::Aborted || outcome_.end == SeriesEnd::SutRaised;
  if (settings_.bounded && !cut_off) {
    // Later counts and ids include what was planned and not issued.
    plan.run_dry();
    outcome_.planned_queries = plan.query_count();
    outcome_.planned_duration = plan.duration();
  }
  run_.next_query_id_ += settings_.bounded ? plan.query_count() : outcome_.n_queries;
  run_.next_sample_id_ += settings_.bounded ? plan.sample_count() : outcome_.n_rows;
  run_.own_delay_.add(own_delay_);
  run_.blocked_delay_.add(blocked_delay_);
  if (run_.series_counted_++ == 0)
    run_.issuing_ = issuing_;
  else
    run_.issuing_.add(issuing_);
  return outcome_;
}

WaiterSettings Issuer::waiting_of(const Run& run, const SeriesSettings& settings) noexcept {
  WaiterSettings waiting = run.settings_.waiting;
  // A taker that sleeps in the kernel takes some 100 us to wake: longer where this thread spins on the processor that
  // it would wake on, and what the spinning saves is less than that.
  if (settings.pull && run.batcher_.rings() && waiting.pacing == Pacing::Auto) waiting.pacing = Pacing::Sleep;
  return waiting;
}

SeriesEnd Issuer::issue_all(TrafficPlan& plan) {
  if (run_.aborted()) {
    outcome_.start = last_issued_ = start();
    return SeriesEnd::Aborted;
  }
  switch (run_.settings_.scenario) {
    case Scenario::SingleStream:
    case Scenario::MultiStream:
      return one_at_a_time(plan);
    case Scenario::Concurrent:
      return concurrent(plan);
    case Scenario::Server:
      return plan.has_conversations() ? conversations(plan) : scheduled(plan);
    case Scenario::Offline:
      return offline(plan);
  }
  return SeriesEnd::Natural;
}

bool Issuer::stage(TrafficPlan& plan, PlannedQuery& query) {
  do {
    if (!plan.next(query)) return false;
  } while (part_.of > 1 && (plan.query_count() - 1) % part_.of != part_.index);
  const std::uint64_t row = staged_end();
  if (!stage_rows(query.sample_count)) {
    record_full_ = true;
    return false;
  }
  plan.take_samples({record_.index_at(row), query.sample_count}, record_.keep_at(row));
  return true;
}

bool Issuer::stage_rows(std::uint64_t count) {
  const std::uint64_t row = staged_end();
  if (count > record_.part_end(part_.index) - row) return false;
  const std::uint64_t ring = record_.settings().ring_rows;
  if (run_.tally_ && row + count > ring) {
    const std::uint64_t end = row + count - ring;
    if (settings_.pull && end > run_.batcher_.taken()) return false;  // what lies there is still to be handed out
    for (std::uint64_t old = run_.tally_->harvested(); old < end; ++old) {
      if (record_.is_open(old)) return false;  // its answer may come yet, and needs the place
    }
    run_.tally_->harvest(end);
    record_.reopen({row, count});
  }
  staged_.count += count;
  return true;
}

bool Issuer::hand_over(std::uint64_t rows, Instant issued) {
  const RowRange range{staged_.first, rows};
  staged_ = {staged_.first + rows, staged_.count - rows};
  record_.set_issued(range, issued);
  record_.publish(staged_.first, part_.index);
  outcome_.n_rows += rows;
  const Duration gap = issued - last_issued_;
  last_issued_ = issued;
  if (settings_.pull) {
    run_.batcher_.published(rows, gap);
    return true;
  }
  return calls_.issue(calls_.user, range);
}

bool Issuer::issue_now(std::uint64_t rows, Instant& now) {
  const Entered entered{calls_};
  now = record_.clock().now();
  return hand_over(rows, now);
}

std::optional<SeriesEnd> Issuer::stop_after(Instant issued) const {
  if (settings_.accuracy) return std::nullopt;
  if (run_.issue_stopped()) return SeriesEnd::Stopped;
  const Duration elapsed = issued - outcome_.start;
  if (!is_server() && outcome_.n_queries >= settings_.min_queries && elapsed >= settings_.target_duration)
    return SeriesEnd::Natural;
  // The next query of this part is the one after so many others.
  const std::uint64_t before_next = outcome_.n_queries * part_.of + part_.index;
  if (settings_.max_queries && before_next >= *settings_.max_queries) return SeriesEnd::MaxQueries;
  if (settings_.max_duration && elapsed > *settings_.max_duration) return SeriesEnd::MaxDuration;
  return std::nullopt;
}

SeriesEnd Issuer::end_of_plan() const noexcept {
  if (record_full_) return SeriesEnd::RecordFull;
  // Server plans end when duration and count are met; elsewhere a plan that ends in mid-run was too short.
  return settings_.accuracy || is_server() ? SeriesEnd::Natural : SeriesEnd::RanOut;
}

WaitEnd Issuer::wait_for(RowRange rows) {
  for (std::uint64_t row = rows.first; row < rows.first + rows.count; ++row) {
    if (record_.is_done(row)) continue;
    const WaitEnd end = waiter_.until_answered(row, {&rows, 1});
    if (end != WaitEnd::Ready) return end;
  }
  return WaitEnd::Ready;
}

SeriesEnd Issuer::drain(SeriesEnd end) {
  if (settings_.pull) {
    run_.batcher_.announce_pause(staged_.first);
    if (settings_.last) run_.batcher_.finish_when_taken();
  }
  if (end == SeriesEnd::Aborted || end == SeriesEnd::SutRaised || end == SeriesEnd::DrainTimeout) return end;
  if (calls_.flush != nullptr) {
    const Entered entered{calls_};
    if (!calls_.flush(calls_.user)) return SeriesEnd::SutRaised;
  }
  std::vector<RowRange> open = outcome_.parts;  // all of them: an answer to any part breaks the silence
  for (RowRange& rows : open) {
    for (rows = from_first_open(rows); rows.count > 0; rows = from_first_open(rows)) {
      const WaitEnd wait = waiter_.until_answered(rows.first, open);
      if (wait != WaitEnd::Ready) return end_of(wait);
    }
  }
  return end;
}

RowRange Issuer::from_first_open(RowRange rows) const noexcept {
  const std::uint64_t end = rows.first + rows.count;
  const std::uint64_t open = record_.first_open(run_.first_kept(rows.first), end);
  return {open, end - open};
}

void Issuer::count_outstanding() {
  for (const RowRange& part : outcome_.parts) {
    const RowRange rows = from_first_open(part);
    if (&part == &outcome_.parts.front()) run_.answered_below_ = rows.first;
    for (std::uint64_t row = rows.first; row < rows.first + rows.count; ++row)
      outcome_.n_outstanding += record_.is_done(row) ? 0 : 1;
  }
}

}  // namespace loadgen
