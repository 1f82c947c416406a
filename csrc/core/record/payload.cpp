// SPDX-License-Identifier: Apache-2.0
#include "record/payload.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/error.hpp"

namespace loadgen {

namespace {

// Halved until the system grants it.
constexpr std::size_t kLargestArena = std::size_t{1} << 38;

// The row of an entry that only fills the range up to its end.
constexpr std::uint64_t kNoRow = std::numeric_limits<std::uint64_t>::max();

// All sizes are multiples of a header's, so that any gap has room for one.
constexpr std::uint64_t entry_size(std::uint64_t length) noexcept {
  constexpr std::uint64_t kStep = sizeof(PayloadEntry);
  return (sizeof(PayloadEntry) + length + kStep - 1) / kStep * kStep;
}

void publish(PayloadEntry& entry, std::uint64_t row, std::size_t length, std::uint16_t kind) noexcept {
  entry.row = row;
  entry.length = static_cast<std::uint32_t>(length);
  entry.kind = kind;
  std::atomic_ref{entry.whole}.store(1, std::memory_order_release);  // release: pairs with next()
}

ReservedRange reserve_arena(std::size_t largest, Ranges& ranges) {
  for (std::size_t bytes = largest; bytes >= Payload::kSmallestArena; bytes /= 2) {
    if (ReservedRange range = ranges.reserve(bytes)) return range;
  }
  throw Error{ErrorCode::OutOfMemory};
}

}  // namespace

Payload::Payload(std::uint64_t rows, Ranges& ranges, bool recycle, std::size_t largest_ring)
    : recycle_{recycle}, state_{ranges}, arena_{reserve_arena(recycle ? largest_ring : kLargestArena, ranges)} {
  if (recycle_) return;
  offsets_ = ranges.reserve(rows * sizeof(std::int64_t));
  lengths_ = ranges.reserve(rows * sizeof(std::uint32_t));
  kinds_ = ranges.reserve(rows * sizeof(std::uint16_t));
  if (!offsets_ || !lengths_ || !kinds_) throw Error{ErrorCode::OutOfMemory};
}

void Payload::shrink(std::uint64_t rows) noexcept {
  if (recycle_) return;  // what waits to be read may lie anywhere
  offsets_.shrink(rows * sizeof(std::int64_t));
  lengths_.shrink(rows * sizeof(std::uint32_t));
  kinds_.shrink(rows * sizeof(std::uint16_t));
  arena_.shrink(size());
}

bool Payload::in_ring(std::uint64_t end, std::uint64_t forgotten) const noexcept {
  // An end that was read before others went on may lie behind what was forgotten since.
  return end <= forgotten || end - forgotten <= arena_.size();
}

std::uint64_t Payload::gap_at(std::uint64_t position, std::uint64_t needed) const noexcept {
  const std::uint64_t left = arena_.size() - position % arena_.size();
  return needed > left ? left : 0;
}

std::optional<std::uint64_t> Payload::place(std::uint64_t needed) noexcept {
  // relaxed: places the bytes only; the entry's mark and the row's completion publish them
  const std::uint64_t position = state_->end.fetch_add(needed, std::memory_order_relaxed);
  if (position > arena_.size() || needed > arena_.size() - position) return std::nullopt;
  return position;
}

std::optional<std::uint64_t> Payload::place_in_ring(std::uint64_t needed) noexcept {
  std::uint64_t end = state_->end.load(std::memory_order_relaxed);  // relaxed: see place()
  while (true) {
    const std::uint64_t gap = gap_at(end, needed);
    // acquire: pairs with forget()
    if (!in_ring(end + gap + needed, state_->forgotten.load(std::memory_order_acquire))) return std::nullopt;
    if (!state_->end.compare_exchange_weak(end, end + gap + needed, std::memory_order_relaxed)) continue;
    if (gap > 0) publish(*entry_at(end), kNoRow, gap - sizeof(PayloadEntry), 0);
    return end + gap;
  }
}

bool Payload::append(std::uint64_t row, std::uint16_t kind, std::span<const std::byte> bytes) noexcept {
  if (bytes.size() > std::numeric_limits<std::uint32_t>::max()) return false;
  const std::uint64_t needed = entry_size(bytes.size());
  const auto position = recycle_ ? place_in_ring(needed) : place(needed);
  if (!position) return false;
  PayloadEntry* entry = entry_at(*position);
  if (!bytes.empty()) std::memcpy(entry + 1, bytes.data(), bytes.size());
  if (!recycle_) {
    offsets()[row] = static_cast<std::int64_t>(*position + sizeof(PayloadEntry)) + 1;
    lengths()[row] = static_cast<std::uint32_t>(bytes.size());
    kinds()[row] = kind;
  }
  publish(*entry, row, bytes.size(), kind);
  return true;
}

bool Payload::worth_trying(std::size_t bytes) const noexcept {
  const std::uint64_t needed = entry_size(bytes);
  // With its gap an entry takes less than twice its size.
  if (!recycle_ || bytes > std::numeric_limits<std::uint32_t>::max() || 2 * needed > arena_.size()) return true;
  const std::uint64_t end = state_->end.load(std::memory_order_relaxed);  // relaxed, both: a guess
  return in_ring(end + gap_at(end, needed) + needed, state_->forgotten.load(std::memory_order_relaxed));
}

std::optional<PayloadView> Payload::next(std::uint64_t position) const noexcept {
  while (waiting(position) > 0) {
    PayloadEntry* entry = entry_at(position);
    // acquire: pairs with publish()
    if (std::atomic_ref{entry->whole}.load(std::memory_order_acquire) == 0) break;
    const auto* bytes = reinterpret_cast<const std::byte*>(entry + 1);
    position += entry_size(entry->length);
    if (entry->row != kNoRow) return PayloadView{entry->row, entry->kind, {bytes, entry->length}, position};
  }
  return std::nullopt;
}

void Payload::forget(std::uint64_t position) noexcept {
  std::uint64_t from = state_->forgotten.load(std::memory_order_relaxed);  // relaxed: only this thread changes it
  while (from < position) {
    const std::size_t start = from % arena_.size();
    const std::size_t end = std::min<std::uint64_t>(arena_.size(), start + (position - from));
    const std::size_t given_back = arena_.discard(start, end) - start;
    if (given_back == 0) break;
    from += given_back;
  }
  state_->forgotten.store(from, std::memory_order_release);  // release: pairs with place_in_ring()
}

std::uint64_t Payload::waiting(std::uint64_t position) const noexcept { return std::max(size(), position) - position; }

std::uint64_t Payload::size() const noexcept {
  const std::uint64_t end = state_->end.load(std::memory_order_relaxed);  // relaxed: entries say whether they are whole
  return recycle_ ? end : std::min<std::uint64_t>(end, arena_.size());
}

}  // namespace loadgen
