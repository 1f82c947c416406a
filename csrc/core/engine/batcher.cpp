// SPDX-License-Identifier: Apache-2.0
#include "engine/batcher.hpp"

#include <algorithm>
#include <utility>

namespace loadgen {

namespace {

constexpr std::uint64_t kMostWakes = 1024;

}  // namespace

void Batcher::published(std::uint64_t rows, Duration gap) noexcept {
  // relaxed: a hint for takers; written by the issuing thread alone
  const std::int64_t recent = recent_gap_.load(std::memory_order_relaxed);
  recent_gap_.store(recent + (gap.count() - recent) / 8, std::memory_order_relaxed);
  // seq_cst: Record::publish before this load, and the sleeper's increment before its look at the head, are in one
  // order, so one of the two sees the other
  if (sleepers_.load(std::memory_order_seq_cst) == 0) return;
  word_.fetch_add(1, std::memory_order_release);  // release: pairs with the ticket in wait()
  // One sleeper a row is enough: whoever wakes looks at everything again.
  futex_wake(word_, static_cast<int>(std::min<std::uint64_t>(rows, kMostWakes)));
}

void Batcher::announce_pause(std::uint64_t head) noexcept {
  // seq_cst, both: as in published()
  if (pause_head_.exchange(head, std::memory_order_seq_cst) == head) return;
  if (sleepers_.load(std::memory_order_seq_cst) != 0) wake_all();
}

void Batcher::finish_when_taken() noexcept {
  Ending not_yet = Ending::NotYet;
  // seq_cst, both: as in published()
  ending_.compare_exchange_strong(not_yet, Ending::WhenTaken, std::memory_order_seq_cst, std::memory_order_seq_cst);
  wake_all();
}

void Batcher::finish() noexcept {
  ending_.store(Ending::Now, std::memory_order_seq_cst);  // seq_cst: as in published()
  wake_all();
}

void Batcher::pass_on() noexcept {
  // relaxed: a sleeper that comes now looks at the rows itself
  if (sleepers_.load(std::memory_order_relaxed) == 0) return;
  word_.fetch_add(1, std::memory_order_release);  // release: pairs with the ticket in wait()
  futex_wake(word_, 1);
}

void Batcher::wake_all() noexcept {
  word_.fetch_add(1, std::memory_order_release);  // release: pairs with the ticket in wait()
  futex_wake_all(word_);
}

Batcher::View Batcher::view() const noexcept {
  return {record_.head(), pause_head_.load(std::memory_order_seq_cst)};  // seq_cst: as in published()
}

RowRange Batcher::ready(const TakeRequest& request, View seen, std::optional<Instant>& wait_until) const noexcept {
  const std::uint64_t tail = tail_.load(std::memory_order_relaxed);  // relaxed: the compare-exchange decides
  if (tail >= seen.head) return {};
  const std::uint64_t most = std::min(request.max_size, record_.together(tail));
  const RowRange rows{tail, std::min(seen.head - tail, most)};
  if (rows.count == most || request.max_wait <= Duration{0} || seen.pause >= seen.head) return rows;
  // Offline has no column of issue instants, but its rows come all at once and are followed by a pause.
  if (record_.settings().instants == InstantColumns::None) return rows;
  const Instant limit = record_.issued_at(tail) + request.max_wait;
  if (record_.clock().now() >= limit) return rows;
  wait_until = limit;
  return {};
}

std::optional<RowRange> Batcher::take(const TakeRequest& request) noexcept {
  std::uint64_t known_head = 0;
  while (!finished()) {
    std::optional<Instant> wait_until;
    const View seen = view();
    RowRange rows = ready(request, seen, wait_until);
    // This taker waits for a fuller batch: another one may want these rows now. Each taker passes news on once.
    if (wait_until && seen.head != std::exchange(known_head, seen.head)) pass_on();
    if (rows.count > 0) {
      // relaxed: rows are published by the head, which view() acquired; the tail only tells takers apart
      if (tail_.compare_exchange_strong(rows.first, rows.first + rows.count, std::memory_order_relaxed,
                                        std::memory_order_relaxed))
        return rows;
      continue;
    }
    if (request.deadline) {
      if (record_.clock().now() >= *request.deadline) return std::nullopt;
      wait_until = std::min(wait_until.value_or(*request.deadline), *request.deadline);
    }
    if (!wait(seen, wait_until)) return std::nullopt;
  }
  return std::nullopt;
}

bool Batcher::something_new(View seen) const noexcept {
  const View now = view();
  return now.head != seen.head || now.pause != seen.pause || finished();
}

bool Batcher::wait(View seen, std::optional<Instant> until) noexcept {
  if (Duration{recent_gap_.load(std::memory_order_relaxed)} < kSpin) {  // relaxed: a hint
    const Instant start = record_.clock().now();
    for (Instant now = start; now < start + kSpin && (!until || now < *until); now = record_.clock().now()) {
      if (something_new(seen)) return true;
    }
  }
  sleepers_.fetch_add(1, std::memory_order_seq_cst);  // seq_cst: as in published()
  // acquire: pairs with the increments of the issuing thread
  const std::uint32_t ticket = word_.load(std::memory_order_acquire);
  const Wake wake = something_new(seen) ? Wake::Woken : futex_wait(word_, ticket, until);
  sleepers_.fetch_sub(1, std::memory_order_relaxed);  // relaxed: one count too many costs a wake-up in vain
  return wake != Wake::Interrupted;
}

}  // namespace loadgen
