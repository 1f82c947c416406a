// SPDX-License-Identifier: Apache-2.0
#include "base/fork.hpp"

#include <pthread.h>

#include <atomic>

namespace loadgen {

namespace {

std::atomic<std::uint64_t> generation{0};

}  // namespace

void watch_forks() {
  // relaxed: the child has one thread when this runs
  pthread_atfork(nullptr, nullptr, [] { generation.fetch_add(1, std::memory_order_relaxed); });
}

std::uint64_t fork_generation() noexcept {
  return generation.load(std::memory_order_relaxed);  // relaxed: see watch_forks()
}

}  // namespace loadgen
