// SPDX-License-Identifier: Apache-2.0
#include "engine/batcher.hpp"

#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <thread>
#include <utility>

#include "base/error.hpp"

namespace loadgen {

namespace {

constexpr std::uint64_t kMostWakes = 1024;

}  // namespace

Batcher::Batcher(Record& record, Ranges& ranges)
    : record_{record},
      state_{ranges},
      scope_{ranges.shared() ? FutexScope::Machine : FutexScope::Process},
      taker_{Takers::kIssuer} {
  if (!ranges.attaches()) return;
  process_ = getpid();
  const auto taker = takers().join(process_);
  if (!taker) throw Error{ErrorCode::TooManyTakers};
  taker_ = *taker;
}

// The ranges are no more than a way to the memory: they are gone when it is there.
Batcher::Batcher(Record& record) : Batcher{record, *std::make_unique<Ranges>()} {}

Batcher::~Batcher() { leave(); }

void Batcher::stop_taking() noexcept {
  if (getpid() != process_) return;  // a forked child has what threads of its parent were at, and none of them
  // seq_cst, with those of take(): either that one sees this, or it is seen here
  stopped_.store(true, std::memory_order_seq_cst);
  wake_all();
  while (taking_.load(std::memory_order_seq_cst) > 0) std::this_thread::yield();
}

void Batcher::leave() noexcept {
  // A forked child has the same number, and is not who has it.
  if (getpid() != process_ || left_.exchange(true, std::memory_order_relaxed)) return;
  stop_taking();  // else a row could be claimed by a number that is another process's by then
  takers().announce_leaving(taker_);
}

void Batcher::published(std::uint64_t rows, Duration gap) noexcept {
  // relaxed: a hint for takers; written by the issuing thread alone
  const std::int64_t recent = state_->recent_gap.load(std::memory_order_relaxed);
  state_->recent_gap.store(recent + (gap.count() - recent) / 8, std::memory_order_relaxed);
  ring_if_armed();
  // seq_cst: Record::publish before this load, and the sleeper's increment before its look at the head, are in one
  // order, so one of the two sees the other
  if (state_->sleepers.load(std::memory_order_seq_cst) == 0) return;
  state_->word.fetch_add(1, std::memory_order_release);  // release: pairs with the ticket in wait()
  // One sleeper a row is enough: whoever wakes looks at everything again.
  futex_wake(state_->word, static_cast<int>(std::min<std::uint64_t>(rows, kMostWakes)), scope_);
}

void Batcher::ring_if_armed() noexcept {
  // relaxed: see ring(); seq_cst: see arm()
  const int bell = bell_.load(std::memory_order_relaxed);
  if (bell < 0 || !armed_.load(std::memory_order_seq_cst)) return;
  armed_.store(false, std::memory_order_seq_cst);  // before the write: who arms on hearing it is heard
  const std::uint64_t one = 1;
  // An eventfd takes it whole, or is so full that its reader has not slept since.
  [[maybe_unused]] const auto written = write(bell, &one, sizeof one);
}

void Batcher::announce_pause(std::uint64_t head) noexcept {
  // seq_cst, both: as in published()
  if (state_->pause_head.exchange(head, std::memory_order_seq_cst) == head) return;
  if (state_->sleepers.load(std::memory_order_seq_cst) != 0) wake_all();
}

void Batcher::finish_when_taken() noexcept {
  if (record_.shared()) return;  // what was taken may have to be handed out again
  Ending not_yet = Ending::NotYet;
  // seq_cst, both: as in published()
  state_->ending.compare_exchange_strong(not_yet, Ending::WhenTaken, std::memory_order_seq_cst,
                                         std::memory_order_seq_cst);
  wake_all();
}

void Batcher::finish() noexcept {
  state_->ending.store(Ending::Now, std::memory_order_seq_cst);  // seq_cst: as in published()
  wake_all();
}

void Batcher::pass_on() noexcept {
  // relaxed: a sleeper that comes now looks at the rows itself
  if (state_->sleepers.load(std::memory_order_relaxed) == 0) return;
  state_->word.fetch_add(1, std::memory_order_release);  // release: pairs with the ticket in wait()
  futex_wake(state_->word, 1, scope_);
}

void Batcher::wake_all() noexcept {
  state_->word.fetch_add(1, std::memory_order_release);  // release: pairs with the ticket in wait()
  futex_wake_all(state_->word, scope_);
}

Batcher::View Batcher::view() const noexcept {
  // seq_cst: as in published(); acquire: pairs with release()
  return {record_.head(), state_->pause_head.load(std::memory_order_seq_cst),
          state_->tail.load(std::memory_order_acquire) >> Record::kRowBits};
}

RowRange Batcher::next_free(std::uint64_t head, std::uint64_t most, std::uint64_t& tail) noexcept {
  tail = state_->tail.load(std::memory_order_acquire);  // acquire: pairs with release()
  const std::uint64_t from = tail & kRowMask;
  if (!record_.shared()) return {from, from < head ? std::min({head - from, most, record_.together(from)}) : 0};
  // A row that was released may have its answer all the same, by id, from another process than its taker.
  const auto is_free = [this](std::uint64_t row) {
    return record_.taker_of(row) == Record::kNobody && !record_.is_done(row);
  };
  RowRange rows{from, 0};
  while (rows.first < head && !is_free(rows.first)) ++rows.first;
  const std::uint64_t end = std::min(head, rows.first + most);
  while (rows.first + rows.count < end && is_free(rows.first + rows.count)) ++rows.count;
  return rows;
}

RowRange Batcher::ready(const TakeRequest& request, View seen, std::optional<Instant>& wait_until) noexcept {
  while (true) {
    std::uint64_t tail = 0;
    RowRange rows = next_free(seen.head, request.max_size, tail);
    if (rows.count == 0) return rows;
    const std::uint64_t most = std::min(request.max_size, record_.together(rows.first));
    const auto larger = std::ranges::upper_bound(request.preferred, rows.count);
    if (rows.count < most && larger != request.preferred.begin()) {
      rows.count = *std::prev(larger);
    } else if (rows.count < most && rows.first + rows.count == seen.head) {  // else others have the next row
      if (waits(request, seen, rows.first, wait_until)) return {};
    }
    rows = claim(rows, tail);
    if (rows.count > 0) return rows;
  }
}

bool Batcher::waits(const TakeRequest& request, View seen, std::uint64_t oldest,
                    std::optional<Instant>& wait_until) const noexcept {
  if (request.max_wait <= Duration{0} || seen.pause >= seen.head) return false;
  // Offline has no column of issue instants, but its rows come all at once and are followed by a pause.
  if (record_.settings().instants == InstantColumns::None) return false;
  const Instant limit = record_.issued_at(oldest) + request.max_wait;
  if (record_.clock().now() >= limit) return false;
  wait_until = limit;
  return true;
}

RowRange Batcher::claim(RowRange rows, std::uint64_t tail) noexcept {
  if (record_.shared()) {
    std::uint64_t claimed = 0;
    while (claimed < rows.count && record_.claim(rows.first + claimed, taker_)) ++claimed;
    rows.count = claimed;
    if (claimed == 0) return rows;
  }
  // relaxed: rows are published by the head, which view() acquired; the tail only tells takers apart
  const std::uint64_t end = (tail & ~kRowMask) | (rows.first + rows.count);
  const bool moved =
      state_->tail.compare_exchange_strong(tail, end, std::memory_order_relaxed, std::memory_order_relaxed);
  if (!moved && !record_.shared()) return {};
  // relaxed: a figure
  state_->batches[std::min<std::size_t>(rows.count, kLargestCounted)].fetch_add(1, std::memory_order_relaxed);
  return rows;
}

std::uint64_t Batcher::open_rows() const noexcept {
  std::uint64_t open = 0;
  for (std::uint64_t row = 0; record_.shared() && row < record_.head(); ++row)
    open += record_.taker_of(row) == taker_ && !record_.is_done(row) ? 1 : 0;
  return open;
}

std::uint64_t Batcher::release(std::uint16_t taker) noexcept {
  std::uint64_t released = 0;
  std::uint64_t first = record_.head();
  for (std::uint64_t row = 0; row < record_.head(); ++row) {
    if (!record_.release_from(row, taker)) continue;
    first = std::min(first, row);
    ++released;
  }
  if (released == 0) return 0;
  std::uint64_t tail = state_->tail.load(std::memory_order_relaxed);  // relaxed: the compare-exchange decides
  std::uint64_t lowered = 0;
  do {
    lowered = ((tail & ~kRowMask) + kRowMask + 1) | std::min(tail & kRowMask, first);
    // release: the rows are free before a taker can look for them from here; pairs with next_free()
  } while (!state_->tail.compare_exchange_weak(tail, lowered, std::memory_order_release, std::memory_order_relaxed));
  wake_all();
  return released;
}

std::optional<RowRange> Batcher::take(const TakeRequest& request) noexcept {
  if (process_ == 0) return take_until_finished(request);
  taking_.fetch_add(1, std::memory_order_seq_cst);  // seq_cst: see stop_taking()
  const std::optional<RowRange> rows = take_until_finished(request);
  taking_.fetch_sub(1, std::memory_order_release);  // release: what was claimed comes before leaving
  return rows;
}

std::optional<RowRange> Batcher::take_until_finished(const TakeRequest& request) noexcept {
  std::uint64_t known_head = 0;
  while (!finished()) {
    std::optional<Instant> wait_until;
    const View seen = view();
    const RowRange rows = ready(request, seen, wait_until);
    if (rows.count > 0) return rows;
    // This taker waits for a fuller batch: another one may want these rows now. Each taker passes news on once.
    if (wait_until && seen.head != std::exchange(known_head, seen.head)) pass_on();
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
  return now.head != seen.head || now.pause != seen.pause || now.releases != seen.releases || finished();
}

bool Batcher::wait(View seen, std::optional<Instant> until) noexcept {
  if (Duration{state_->recent_gap.load(std::memory_order_relaxed)} < kSpin) {  // relaxed: a hint
    const Instant start = record_.clock().now();
    for (Instant now = start; now < start + kSpin && (!until || now < *until); now = record_.clock().now()) {
      if (something_new(seen)) return true;
    }
  }
  state_->sleepers.fetch_add(1, std::memory_order_seq_cst);  // seq_cst: as in published()
  // acquire: pairs with the increments of the issuing thread
  const std::uint32_t ticket = state_->word.load(std::memory_order_acquire);
  const Wake wake = something_new(seen) ? Wake::Woken : futex_wait(state_->word, ticket, until, scope_);
  state_->sleepers.fetch_sub(1, std::memory_order_relaxed);  // relaxed: one count too many costs a wake-up in vain
  return wake != Wake::Interrupted;
}

}  // namespace loadgen
