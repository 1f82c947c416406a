// SPDX-License-Identifier: Apache-2.0
// Server with conversations: starts go when they are due, further turns a think time after the answer before.
#include "engine/conversations.hpp"

#include <algorithm>
#include <functional>

#include "engine/issuer.hpp"

namespace loadgen {

namespace {

/// As long as it lives, every answer rings.
class Armed {
 public:
  explicit Armed(CompletionSignal& signal) : signal_{signal} { (void)signal_.arm(CompletionSignal::kAnyRow); }
  ~Armed() { signal_.disarm(); }
  Armed(const Armed&) = delete;
  Armed& operator=(const Armed&) = delete;

 private:
  CompletionSignal& signal_;
};

}  // namespace

OpenConversations::OpenConversations(const Record& record, TrafficPlan& plan, Instant start)
    : record_{record}, plan_{plan}, start_{start} {
  plan_start();
}

void OpenConversations::plan_start() {
  PlannedQuery query;
  if (!plan_.next(query)) return;
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(talks_.size()));
    talks_.emplace_back();
  }
  const std::uint32_t place = free_.back();
  free_.pop_back();
  Talk& talk = talks_[place];
  plan_.take_samples({&talk.sample, 1}, nullptr);  // the other turns' samples follow it
  talk.turn = 0;
  const auto think_times = plan_.think_times();
  talk.think_times.assign(think_times.begin(), think_times.end());
  push(start_ + query.due, place, true);
}

void OpenConversations::push(Instant at, std::uint32_t talk, bool is_start) {
  due_.push_back({at, added_++, talk, is_start});
  std::ranges::push_heap(due_, std::less<>{});
}

void OpenConversations::issued(std::uint64_t row) {
  std::ranges::pop_heap(due_, std::less<>{});
  const Due turn = due_.back();
  due_.pop_back();
  open_.push_back({row, turn.talk});
  going_on_ += is_last(talks_[turn.talk]) ? 0 : 1;
  if (turn.is_start) plan_start();
}

void OpenConversations::collect() {
  std::size_t kept = 0;
  for (const Open& open : open_) {
    if (record_.is_done(open.row)) {
      answered(open);
    } else {
      open_[kept++] = open;
    }
  }
  open_.resize(kept);
}

void OpenConversations::answered(const Open& open) {
  const Instant at = record_.completed_at(open.row);
  last_answer_ = std::max(last_answer_, at);
  Talk& talk = talks_[open.talk];
  const bool was_last = is_last(talk);
  going_on_ -= was_last ? 0 : 1;
  if (was_last || record_.status_column()[record_.slot(open.row)] != kOk) {
    free_.push_back(open.talk);
    return;
  }
  ++talk.sample;
  push(at + talk.think_times[talk.turn++], open.talk, false);
}

SeriesEnd Issuer::conversations(TrafficPlan& plan) {
  Instant now = outcome_.start = last_issued_ = start();
  OpenConversations talks{record_, plan, outcome_.start};
  const Armed armed{record_.signal()};
  bool more = true;
  while (true) {
    const std::uint32_t ticket = record_.signal().ticket();  // before the look: an answer after it changes this
    talks.collect();
    if (talks.no_more()) return end_of_plan();
    if (!talks.has_next()) {
      const WaitEnd wait = wait_for_turn(talks, ticket, now);
      if (wait != WaitEnd::Ready) return end_of(wait);
      continue;
    }
    if (!stage_turn(talks)) return SeriesEnd::RecordFull;
    const WaitEnd wait = wait_until_due(talks.next_due(), ticket, now);
    if (wait != WaitEnd::Ready) return end_of(wait);
    if (now < talks.next_due() && record_.signal().ticket() != ticket) continue;  // what is due next may be another one
    PlannedQuery turn{talks.next_due() - outcome_.start, 1};
    const std::uint64_t row = staged_.first;
    const bool issued = issue_due(plan, turn, 0, now, more);
    if (!issued) return SeriesEnd::SutRaised;
    talks.issued(row);
    if (too_many_outstanding()) return SeriesEnd::TooManyOutstanding;
    if (const auto end = stop_after(last_issued_)) return *end;
    if (!waiter_.keep_going(now)) return SeriesEnd::Aborted;
  }
}

bool Issuer::stage_turn(const OpenConversations& talks) {
  if (staged_.count == 0) {
    // A place is used again when its answer has been collected, not when it has come.
    const std::uint64_t ring = record_.settings().ring_rows;
    const std::uint64_t row = staged_.first;
    if (ring > 0 && row >= ring && talks.first_open(row) <= row - ring) return false;
    if (!stage_rows(1)) return false;
  }
  *record_.index_at(staged_.first) = talks.next_sample();
  record_.set_scheduled(staged_.first, talks.next_due());
  return true;
}

WaitEnd Issuer::wait_for_turn(const OpenConversations& talks, std::uint32_t ticket, Instant& now) {
  if (settings_.pull) run_.batcher_.announce_pause(staged_.first);
  const Instant silence_ends = std::max(last_issued_, talks.last_answer()) + run_.settings_.waiting.drain_timeout;
  const WaitEnd wait = waiter_.until_or_answer(silence_ends, ticket, now);
  if (wait != WaitEnd::Ready || record_.signal().ticket() != ticket) return wait;
  return WaitEnd::Silent;
}

WaitEnd Issuer::wait_until_due(Instant due, std::uint32_t ticket, Instant& now) {
  const Duration lead = lead_of(due);
  if (record_.clock().virtual_clock() == nullptr) {
    const WaitEnd wait = waiter_.until_or_answer(due - lead, ticket, now);
    if (wait != WaitEnd::Ready || calls_.enter != nullptr || now < due - lead) return wait;
    if (now < due && !warm()) return WaitEnd::Stopped;
  }
  return waiter_.until_or_answer(due, ticket, now);
}

}  // namespace loadgen
