// SPDX-License-Identifier: Apache-2.0
// What is written into rows of a record, and what is read from them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/time.hpp"

namespace loadgen {

/// Consecutive rows.
struct RowRange {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
};

enum RowStatus : std::uint8_t { kOk = 0, kFailed = 1, kMissing = 2 };

/// A row that nothing more can be written into.
struct RowView {
  RowStatus status = kMissing;
  Instant scheduled{};
  Instant issued{};
  Instant completed{};
  Instant first_token{};  // with tokens; 0 where none came
  std::uint32_t n_tokens = 0;
};

/// What an answer brings beside the instant. The arrays have an element a row, or are empty.
struct Answer {
  RowStatus status = kOk;
  std::span<const std::int64_t> n_tokens;
  std::span<const std::uint16_t> kinds;
  std::span<const std::span<const std::byte>> outputs;  // an element with data() == nullptr is not kept

  [[nodiscard]] bool plain() const noexcept { return status == kOk && n_tokens.empty() && outputs.empty(); }
};

}  // namespace loadgen
