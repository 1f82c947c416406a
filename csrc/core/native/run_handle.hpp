// SPDX-License-Identifier: Apache-2.0
// A run as systems in C hold it: a handle that stays good after the run is gone, and then says so.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "base/cache_line.hpp"
#include "base/fork.hpp"
#include "engine/run.hpp"

/// Handles are made by new and never deleted: a thread of the system's may come with one at any time.
///
/// Thread safety: Visit, abort_reason: any thread. close(): the run's owner, before the run is destroyed, in no Visit.
/// Memory ordering: a visitor announces itself and then looks whether the handle is open; close() shuts it and then
///   looks for visitors (both seq_cst), so one of them sees the other.
/// Wait-free: a visit is one addition on the way in and one on the way out, on a line that few threads share. Who comes
///   after close() adds nothing, so that close() ends however many go on calling.
/// Forks: in a child the handle is shut, and nobody is waited for: the threads that were inside do not exist there.
struct loadgen_run {
 public:
  explicit loadgen_run(loadgen::Run& run) : run_{&run} {}
  ~loadgen_run() = default;
  loadgen_run(const loadgen_run&) = delete;
  loadgen_run& operator=(const loadgen_run&) = delete;

  /// Lets nobody in any more, aborts the run, so that nobody waits for room, and waits for those who are inside: at
  /// most a copy of their bytes.
  void close() noexcept;

  class Visit {
   public:
    explicit Visit(loadgen_run& handle) noexcept {
      if (!handle.may_be_open()) return;
      inside_ = &handle.door_of_this_thread().inside;
      inside_->fetch_add(1, std::memory_order_seq_cst);  // seq_cst: see the class
      run_ = handle.run_.load(std::memory_order_seq_cst);
    }
    ~Visit() {
      if (inside_ != nullptr) inside_->fetch_sub(1, std::memory_order_release);  // release: pairs with close()
    }
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;

    /// Null: the run is over.
    [[nodiscard]] loadgen::Run* run() const noexcept { return run_; }

   private:
    std::atomic<std::uint32_t>* inside_ = nullptr;
    loadgen::Run* run_ = nullptr;
  };

  /// Of the first who aborted through this handle.
  [[nodiscard]] std::optional<std::string> abort_reason() const;
  void keep_abort_reason(std::string reason);

 private:
  static constexpr std::size_t kDoors = 8;
  struct alignas(loadgen::kCacheLine) Door {
    std::atomic<std::uint32_t> inside{0};
  };

  [[nodiscard]] Door& door_of_this_thread() noexcept;
  [[nodiscard]] bool in_own_process() const noexcept { return loadgen::fork_generation() == fork_generation_; }
  [[nodiscard]] bool may_be_open() const noexcept {
    return run_.load(std::memory_order_relaxed) != nullptr && in_own_process();  // relaxed: a visitor looks again
  }

  std::atomic<loadgen::Run*> run_;
  std::array<Door, kDoors> doors_;
  const std::uint64_t fork_generation_ = loadgen::fork_generation();
  mutable std::mutex mutex_;
  std::optional<std::string> abort_reason_;
};
