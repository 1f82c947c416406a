// SPDX-License-Identifier: Apache-2.0
// A system under test in C, as the engine calls it.
#pragma once

#include <atomic>

#include "engine/sut_calls.hpp"
#include "loadgen.h"

namespace loadgen {

/// `issue` of a system that does nothing but answer.
int do_nothing(void* user_data, const loadgen_batch* batch) noexcept;

/// The calls of one series, and the poll() of others.
///
/// Not for start() and stop(), which belong to the whole run.
class NativeCalls {
 public:
  /// `fail_on_error`: where issue() returns an error, its samples fail and the series goes on. `waiting` must outlive
  /// this.
  NativeCalls(const loadgen_sut& sut, loadgen_run& run, Record& record, bool fail_on_error,
              const SutCalls& waiting) noexcept;
  ~NativeCalls() = default;
  NativeCalls(const NativeCalls&) = delete;
  NativeCalls& operator=(const NativeCalls&) = delete;

  /// Valid while this lives.
  [[nodiscard]] const SutCalls& calls() const noexcept { return calls_; }
  /// Which function ended the series, and with what; null while none did.
  [[nodiscard]] const char* failed_function() const noexcept { return failed_function_; }
  [[nodiscard]] int failed_code() const noexcept { return failed_code_; }

 private:
  bool issue(RowRange rows) noexcept;
  bool ended_well(const char* function, int code) noexcept;

  const loadgen_sut sut_;
  loadgen_run& run_;
  Record& record_;
  const bool fail_on_error_;
  const SutCalls& waiting_;
  SutCalls calls_;
  std::atomic<bool> failed_{false};  // the first function that fails is told of; several threads may issue
  const char* failed_function_ = nullptr;
  int failed_code_ = 0;
};

}  // namespace loadgen
