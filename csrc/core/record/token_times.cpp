// SPDX-License-Identifier: Apache-2.0
#include "record/token_times.hpp"

#include <algorithm>
#include <limits>

#include "base/error.hpp"

namespace loadgen {

namespace {

constexpr std::uint32_t kMostTokens = std::numeric_limits<std::uint32_t>::max();
// An end behind which there is no room, and which further additions do not bring back to zero.
constexpr std::uint64_t kEnded = std::uint64_t{1} << 63;

ReservedRange reserve_log(std::size_t largest, Ranges& ranges) {
  for (std::size_t bytes = largest; bytes >= TokenLog::kSmallest; bytes /= 2) {
    if (ReservedRange range = ranges.reserve(bytes)) return range;
  }
  throw Error{ErrorCode::OutOfMemory};
}

}  // namespace

void TokenGaps::raise(std::uint64_t& place, std::uint64_t value) noexcept {
  const std::atomic_ref highest{place};
  std::uint64_t found = highest.load(std::memory_order_relaxed);  // relaxed, both: figures, read at the end
  while (found < value &&
         !highest.compare_exchange_weak(found, value, std::memory_order_relaxed, std::memory_order_relaxed)) {
  }
}

void TokenGaps::add(std::uint64_t gap) noexcept {
  // relaxed: a figure, read at the end
  std::atomic_ref{counts_[FineHistogram::bucket(gap)]}.fetch_add(1, std::memory_order_relaxed);
  raise(largest_, gap);
  raise(smallest_inverted_, ~gap);
}

void TokenGaps::reset() noexcept {
  const auto clear = [](std::uint64_t& place) {
    // Not written where it is zero: that would touch the memory. relaxed: see add()
    if (read(place) != 0) std::atomic_ref{place}.store(0, std::memory_order_relaxed);
  };
  clear(largest_);
  clear(smallest_inverted_);
  for (std::uint64_t& count : counts_) clear(count);
}

std::uint64_t TokenGaps::min() const noexcept {
  const std::uint64_t inverted = read(smallest_inverted_);
  return inverted == 0 ? 0 : ~inverted;
}

std::uint64_t TokenGaps::max() const noexcept { return read(largest_); }

TokenLog::TokenLog(Ranges& ranges, std::size_t largest)
    : state_{ranges}, range_{reserve_log(largest, ranges)}, room_{range_.size() / sizeof(Event)} {}

bool TokenLog::append(std::uint64_t row, std::int64_t stamp) noexcept {
  // relaxed: places the event only; its stamp publishes it
  const std::uint64_t position = state_->end.fetch_add(1, std::memory_order_relaxed);
  if (position >= room_) return false;
  Event& event = events()[position];
  event.row = row;
  std::atomic_ref{event.stamp}.store(stamp, std::memory_order_release);  // release: pairs with stamp_of()
  return true;
}

void TokenLog::close() noexcept {
  // relaxed: who appends from now on gets a place behind all room, and writes nothing
  const std::uint64_t end = state_->end.exchange(kEnded, std::memory_order_relaxed);
  if (end >= kEnded) return;
  n_events_ = std::min(end, room_);
  range_.shrink(n_events_ * sizeof(Event));
}

void TokenLog::forget() noexcept {
  n_events_ = 0;
  range_.discard(0, range_.size());
}

std::unordered_map<std::uint64_t, std::uint64_t> TokenLog::withdrawn() const {
  std::unordered_map<std::uint64_t, std::uint64_t> found;
  for (std::uint64_t position = 0; position < n_events_; ++position)
    if (stamp_of(position) == kWithdrawn) found[events()[position].row] = position;
  return found;
}

void TokenLog::sort_rows(TokenTable& table) {
  for (std::size_t row = 0; row + 1 < table.begins.size(); ++row)
    std::sort(table.at.begin() + static_cast<std::ptrdiff_t>(table.begins[row]),
              table.at.begin() + static_cast<std::ptrdiff_t>(table.begins[row + 1]));
}

TokenTimes::TokenTimes(bool logs, Ranges& ranges) : gaps_{ranges} {
  if (logs) log_.emplace(ranges);
}

std::optional<Violation> TokenTimes::keep(std::uint64_t row, std::int64_t stamp) noexcept {
  if (log_ && !log_->append(row, stamp)) return Violation::TokenTimeNotKept;
  return std::nullopt;
}

std::optional<Violation> TokenTimes::first(std::uint64_t row, std::uint64_t place, std::int64_t stamp) noexcept {
  std::int64_t none = 0;
  // relaxed, both: the row's completion publishes them
  if (!std::atomic_ref{first_[place]}.compare_exchange_strong(none, stamp, std::memory_order_relaxed,
                                                              std::memory_order_relaxed))
    return Violation::RepeatedFirstToken;
  count(place, 1);
  return keep(row, stamp);
}

std::optional<Violation> TokenTimes::further(std::uint64_t row, std::uint64_t place, std::int64_t stamp,
                                             std::int64_t n) noexcept {
  std::int64_t first = 0;
  // relaxed, both: the row's completion publishes them
  if (!std::atomic_ref{first_[place]}.compare_exchange_strong(first, stamp, std::memory_order_relaxed,
                                                              std::memory_order_relaxed))
    gaps_->add(gap(place, first, stamp));
  count(place, n);
  return keep(row, stamp);
}

std::uint64_t TokenTimes::gap(std::uint64_t place, std::int64_t first, std::int64_t stamp) noexcept {
  const std::atomic_ref latest{latest_[place]};
  std::int64_t found = latest.load(std::memory_order_relaxed);  // relaxed, all: only instants of this column matter
  while (true) {
    const std::int64_t before = std::max(found, first);
    if (stamp <= before) return 0;
    if (latest.compare_exchange_weak(found, stamp, std::memory_order_relaxed, std::memory_order_relaxed))
      return static_cast<std::uint64_t>(stamp - before);
  }
}

void TokenTimes::count(std::uint64_t place, std::int64_t n) noexcept {
  const auto wanted = static_cast<std::uint32_t>(std::min<std::int64_t>(n, kMostTokens));
  const std::atomic_ref count{count_[place]};
  std::uint32_t found = count.load(std::memory_order_relaxed);  // relaxed, all: the row's completion publishes them
  std::uint32_t more = 0;
  do {
    more = found + std::min(wanted, kMostTokens - found);
  } while (!count.compare_exchange_weak(found, more, std::memory_order_relaxed, std::memory_order_relaxed));
}

void TokenTimes::set_count(std::uint64_t place, std::int64_t n) noexcept {
  // relaxed: the row's completion publishes it
  std::atomic_ref{count_[place]}.store(static_cast<std::uint32_t>(std::clamp<std::int64_t>(n, 0, kMostTokens)),
                                       std::memory_order_relaxed);
}

void TokenTimes::forget(std::uint64_t place) noexcept {
  // relaxed, all: whoever writes next has the row's id, which is published after this
  std::atomic_ref{first_[place]}.store(0, std::memory_order_relaxed);
  std::atomic_ref{latest_[place]}.store(0, std::memory_order_relaxed);
  std::atomic_ref{count_[place]}.store(0, std::memory_order_relaxed);
}

void TokenTimes::withdraw(std::uint64_t row, std::uint64_t place) noexcept {
  forget(place);
  if (log_) log_->withdraw(row);
}

}  // namespace loadgen
