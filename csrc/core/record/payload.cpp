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
constexpr std::size_t kSmallestArena = std::size_t{1} << 26;

constexpr std::uint64_t entry_size(std::uint64_t length) noexcept {
  constexpr std::uint64_t kStep = alignof(PayloadEntry);
  return (sizeof(PayloadEntry) + length + kStep - 1) / kStep * kStep;
}

ReservedRange reserve_arena(Backing backing) {
  for (std::size_t bytes = kLargestArena; bytes >= kSmallestArena; bytes /= 2) {
    if (ReservedRange range{bytes, backing}) return range;
  }
  throw Error{ErrorCode::OutOfMemory};
}

}  // namespace

Payload::Payload(std::uint64_t rows, Backing backing)
    : offsets_{rows * sizeof(std::int64_t), backing},
      lengths_{rows * sizeof(std::uint32_t), backing},
      kinds_{rows * sizeof(std::uint16_t), backing},
      arena_{reserve_arena(backing)} {
  if (!offsets_ || !lengths_ || !kinds_) throw Error{ErrorCode::OutOfMemory};
}

void Payload::shrink(std::uint64_t rows) noexcept {
  offsets_.shrink(rows * sizeof(std::int64_t));
  lengths_.shrink(rows * sizeof(std::uint32_t));
  kinds_.shrink(rows * sizeof(std::uint16_t));
  arena_.shrink(size());
}

bool Payload::append(std::uint64_t row, std::uint16_t kind, std::span<const std::byte> bytes) noexcept {
  if (bytes.size() > std::numeric_limits<std::uint32_t>::max()) return false;
  const std::uint64_t needed = entry_size(bytes.size());
  // relaxed: places the bytes only; the entry's mark and the row's completion publish them
  const std::uint64_t position = end_.fetch_add(needed, std::memory_order_relaxed);
  if (position > arena_.size() || needed > arena_.size() - position) return false;
  PayloadEntry* entry = entry_at(position);
  entry->row = row;
  entry->length = static_cast<std::uint32_t>(bytes.size());
  entry->kind = kind;
  if (!bytes.empty()) std::memcpy(entry + 1, bytes.data(), bytes.size());
  offsets()[row] = static_cast<std::int64_t>(position + sizeof(PayloadEntry)) + 1;
  lengths()[row] = entry->length;
  kinds()[row] = kind;
  std::atomic_ref{entry->whole}.store(1, std::memory_order_release);  // release: pairs with next()
  return true;
}

std::optional<PayloadView> Payload::next(std::uint64_t position) const noexcept {
  if (position >= size()) return std::nullopt;
  PayloadEntry* entry = entry_at(position);
  // acquire: pairs with append()
  if (std::atomic_ref{entry->whole}.load(std::memory_order_acquire) == 0) return std::nullopt;
  const auto* bytes = reinterpret_cast<const std::byte*>(entry + 1);
  return PayloadView{entry->row, entry->kind, {bytes, entry->length}, position + entry_size(entry->length)};
}

void Payload::forget(std::uint64_t position) noexcept { forgotten_ = arena_.discard(forgotten_, position); }

std::uint64_t Payload::size() const noexcept {
  // relaxed: entries say themselves whether they are whole
  return std::min<std::uint64_t>(end_.load(std::memory_order_relaxed), arena_.size());
}

}  // namespace loadgen
