// SPDX-License-Identifier: Apache-2.0
#include "record/counters.hpp"

#include <atomic>

namespace loadgen {

const char* violation_name(Violation violation) noexcept {
  switch (violation) {
    case Violation::ForeignId:
      return "foreign_id";
    case Violation::Repeated:
      return "answered_twice";
    case Violation::Late:
      return "answered_after_end";
    case Violation::RepeatedFirstToken:
      return "first_token_twice";
    case Violation::FirstTokenLate:
      return "first_token_after_completion";
    case Violation::TokenLate:
      return "token_after_completion";
    case Violation::InvalidTokenCount:
      return "invalid_token_count";
    case Violation::NegativeTokenCount:
      return "negative_token_count";
    case Violation::OutputNotKept:
      return "output_not_kept";
    case Violation::Redelivered:
      return "redelivered";
    case Violation::TokenTimeNotKept:
      return "token_time_not_kept";
  }
  return "unknown";
}

void FailureTable::add(std::string_view kind, std::string_view message, std::uint64_t count) noexcept {
  if (const auto number = kinds_.find_or_add(kind, message)) {
    kinds_.add(*number, count);
  } else {
    std::atomic_ref{others_}.fetch_add(count, std::memory_order_relaxed);  // relaxed: read when the run is over
  }
}

FailureTable::Table FailureTable::table() const {
  Table table;
  kinds_.for_each([&](std::size_t, std::string_view kind, std::uint64_t count, std::string_view example) {
    Entry& entry = table[std::string{kind}];
    if (entry.count == 0) entry.example = example;
    entry.count += count;
  });
  // relaxed: see add()
  const std::uint64_t others =
      std::atomic_ref{const_cast<std::uint64_t&>(others_)}.load(std::memory_order_relaxed);  // has no const form
  if (others > 0) table["other"].count += others;
  return table;
}

void FailureTable::reset() noexcept {
  kinds_.clear();
  others_ = 0;
}

}  // namespace loadgen
