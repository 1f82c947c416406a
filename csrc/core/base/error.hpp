// SPDX-License-Identifier: Apache-2.0
// The one exception of the core: a code, and a text from one table.
#pragma once

#include <cstdint>
#include <exception>

namespace loadgen {

enum class ErrorCode : std::uint8_t {
  OutOfMemory,       // address space for a record could not be reserved, or no file made
  RecordFull,        // more rows than were reserved
  SamplesRanOut,     // a plan asked for more samples than its order has
  IndexOutOfRange,   // an index past the loaded set
  InvalidPlan,       // settings that cannot give a plan
  InvalidRank,       // an order statistic outside the data
  WrongState,        // a call that the run's state does not allow
  WarmUpUnanswered,  // silence for the drain time-out before the clock started
  ClockInUse,        // a virtual clock that drives another run
  VirtualClockPull,  // pull on a virtual clock
  NoSharedRecord,    // another process's record that cannot be mapped
  TooManyTakers,     // more processes than a shared record has numbers for
};

/// Text of a code, for people. Never empty.
[[nodiscard]] const char* error_text(ErrorCode code) noexcept;

class Error : public std::exception {
 public:
  explicit Error(ErrorCode code) noexcept : code_{code} {}
  [[nodiscard]] ErrorCode code() const noexcept { return code_; }
  [[nodiscard]] const char* what() const noexcept override { return error_text(code_); }

 private:
  ErrorCode code_;
};

}  // namespace loadgen
