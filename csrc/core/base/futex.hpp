// SPDX-License-Identifier: Apache-2.0
// Sleeping on a 32-bit word with an absolute deadline: what std::atomic::wait lacks.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "base/time.hpp"

namespace loadgen {

enum class FutexScope : std::uint8_t {
  Process,  // sleepers and wakers are threads of this process: faster
  Machine,  // the word lies in memory that several processes share
};

enum class Wake : std::uint8_t { Woken, TimedOut, Interrupted };  // Interrupted: a signal came

/// Sleeps while `word` is `expected`, until woken, until `deadline`, or until a signal comes.
/// May also return Woken for no reason; callers look at their condition again.
///
/// Where the system has no futex, sleeps in steps of 50 us.
Wake futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t expected, std::optional<Instant> deadline,
                FutexScope scope = FutexScope::Process) noexcept;

/// Wakes at most `sleepers` of those that sleep on `word`.
void futex_wake(std::atomic<std::uint32_t>& word, int sleepers, FutexScope scope = FutexScope::Process) noexcept;
void futex_wake_all(std::atomic<std::uint32_t>& word, FutexScope scope = FutexScope::Process) noexcept;

}  // namespace loadgen
