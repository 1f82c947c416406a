// SPDX-License-Identifier: Apache-2.0
#include "record/counters.hpp"

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
  }
  return "unknown";
}

void FailureTable::add(std::string_view kind, std::string_view message, std::uint64_t count) {
  const std::lock_guard lock{mutex_};
  auto entry = table_.find(kind);
  if (entry == table_.end()) {
    if (table_.size() >= kMaxKinds) kind = "other";
    entry = table_.try_emplace(std::string{kind}).first;
    if (entry->second.count == 0) entry->second.example = message;
  }
  entry->second.count += count;
}

FailureTable::Table FailureTable::table() const {
  const std::lock_guard lock{mutex_};
  return table_;
}

void FailureTable::reset() {
  const std::lock_guard lock{mutex_};
  table_.clear();
}

}  // namespace loadgen
