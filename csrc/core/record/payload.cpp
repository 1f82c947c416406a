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
  // relaxed: places the bytes only; the row's completion publishes them
  const std::uint64_t offset = end_.fetch_add(bytes.size(), std::memory_order_relaxed);
  if (offset > arena_.size() || bytes.size() > arena_.size() - offset) return false;
  if (!bytes.empty()) std::memcpy(arena_.data() + offset, bytes.data(), bytes.size());
  offsets()[row] = static_cast<std::int64_t>(offset) + 1;
  lengths()[row] = static_cast<std::uint32_t>(bytes.size());
  kinds()[row] = kind;
  return true;
}

std::uint64_t Payload::size() const noexcept {
  // relaxed: read when the run is over
  return std::min<std::uint64_t>(end_.load(std::memory_order_relaxed), arena_.size());
}

}  // namespace loadgen
