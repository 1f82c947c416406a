// SPDX-License-Identifier: Apache-2.0
// What the issuing thread asks of the scheduler, for as long as it issues; all of it is put back.
//
// Every request may be refused (no privilege, old kernel, other system). A refusal is remembered, never fatal: the
// waiter measures what the thread gets.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/time.hpp"

namespace loadgen {

enum class Priority : std::uint8_t { Normal, High, Realtime };

struct ThreadRequest {
  Priority priority = Priority::Normal;  // High: nice -20; Realtime: SCHED_FIFO at its lowest level
  std::optional<int> cpu;                // run on this processor only
};

/// Sets the calling thread up on construction and puts everything back on destruction (same thread).
///
/// Always asked for: timer slack of 1 ns (50 us by default, which a sleep would be late by) and, in the ordinary
/// class, a scheduler slice of 100 us (Linux 6.12 and newer; lets a waking thread run sooner on busy cores).
class ScopedThreadSetup {
 public:
  explicit ScopedThreadSetup(const ThreadRequest& request);
  ~ScopedThreadSetup();
  ScopedThreadSetup(const ScopedThreadSetup&) = delete;
  ScopedThreadSetup& operator=(const ScopedThreadSetup&) = delete;

  [[nodiscard]] bool priority_granted() const noexcept { return priority_granted_; }
  [[nodiscard]] bool cpu_granted() const noexcept { return cpu_granted_; }

 private:
  struct Saved;
  void set_priority(Priority priority) noexcept;
  void set_cpu(int cpu) noexcept;

  std::unique_ptr<Saved> saved_;  // what was there before; null where nothing can be set
  bool priority_granted_ = true;
  bool cpu_granted_ = true;
};

/// How long the calling thread has been ready to run and did not, while others had the processors; nothing where the
/// system does not say. Cost: some microseconds.
[[nodiscard]] std::optional<Duration> run_queue_delay() noexcept;

/// How long the calling thread has run so far. Cost: a system call.
[[nodiscard]] Duration thread_cpu_time() noexcept;

/// What a thread has used so far, or in a time.
struct ThreadUsage {
  Duration cpu{0};
  std::optional<Duration> run_queue_delay;  // see run_queue_delay()
  std::int64_t voluntary_switches = 0;      // it waited for something
  std::int64_t involuntary_switches = 0;    // another thread was put in its place
  std::int64_t minor_faults = 0;            // pages that came without a disk
  std::int64_t major_faults = 0;            // pages that had to be read from one

  ThreadUsage& operator+=(const ThreadUsage& other) noexcept;
  /// What was used since `earlier`.
  [[nodiscard]] ThreadUsage since(const ThreadUsage& earlier) const noexcept;
};

/// Of the calling thread; nothing where the system does not say. Cost: some microseconds.
[[nodiscard]] std::optional<ThreadUsage> thread_usage() noexcept;

/// Names the calling thread (15 characters are kept on Linux).
void name_thread(const char* name) noexcept;

}  // namespace loadgen
