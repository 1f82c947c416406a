// SPDX-License-Identifier: Apache-2.0
#include "native/run_handle.hpp"

#include <thread>
#include <utility>

namespace {

std::atomic<std::uint32_t> next_thread{0};

}  // namespace

loadgen_run::Door& loadgen_run::door_of_this_thread() noexcept {
  // relaxed: tells threads apart, as well as it can
  thread_local const std::uint32_t number = next_thread.fetch_add(1, std::memory_order_relaxed);
  return doors_[number % kDoors];
}

void loadgen_run::close() noexcept {
  loadgen::Run* run = run_.exchange(nullptr, std::memory_order_seq_cst);  // seq_cst: see the class
  if (run == nullptr || !in_own_process()) return;
  run->abort();
  for (const Door& door : doors_) {
    // seq_cst: see the class; includes the acquire that pairs with a visitor's leaving
    while (door.inside.load(std::memory_order_seq_cst) != 0) std::this_thread::yield();
  }
}

std::optional<std::string> loadgen_run::abort_reason() const {
  if (!in_own_process()) return std::nullopt;
  const std::lock_guard lock{mutex_};
  return abort_reason_;
}

void loadgen_run::keep_abort_reason(std::string reason) {
  const std::lock_guard lock{mutex_};
  if (!abort_reason_) abort_reason_ = std::move(reason);
}
