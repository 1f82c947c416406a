// SPDX-License-Identifier: Apache-2.0
#include "base/futex.hpp"

#include <limits>

#if defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#else
#include <thread>
#endif

namespace loadgen {

#if defined(__linux__)

namespace {

constexpr int operation(int what, FutexScope scope) noexcept {
  return scope == FutexScope::Process ? what | FUTEX_PRIVATE_FLAG : what;
}

}  // namespace

Wake futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t expected, std::optional<Instant> deadline,
                FutexScope scope) noexcept {
  static_assert(sizeof(word) == sizeof(std::uint32_t));
  timespec limit{};
  if (deadline) {
    const auto stamp = deadline->time_since_epoch().count();
    limit.tv_sec = stamp / 1'000'000'000;
    limit.tv_nsec = stamp % 1'000'000'000;
  }
  // FUTEX_WAIT_BITSET takes an absolute time of the monotonic clock, which steady_clock is on Linux.
  const long result = syscall(SYS_futex, &word, operation(FUTEX_WAIT_BITSET, scope), expected,
                              deadline ? &limit : nullptr, nullptr, FUTEX_BITSET_MATCH_ANY);
  if (result == 0 || errno == EAGAIN) return Wake::Woken;
  return errno == ETIMEDOUT ? Wake::TimedOut : Wake::Interrupted;
}

void futex_wake(std::atomic<std::uint32_t>& word, int sleepers, FutexScope scope) noexcept {
  syscall(SYS_futex, &word, operation(FUTEX_WAKE, scope), sleepers, nullptr, nullptr, 0);
}

#else

Wake futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t expected, std::optional<Instant> deadline,
                FutexScope) noexcept {
  // acquire: pairs with whatever store changed the word
  if (word.load(std::memory_order_acquire) != expected) return Wake::Woken;
  const auto now = std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
  if (deadline && now >= *deadline) return Wake::TimedOut;
  const auto step = now + std::chrono::microseconds{50};
  std::this_thread::sleep_until(deadline && *deadline < step ? *deadline : step);
  return Wake::Woken;
}

void futex_wake(std::atomic<std::uint32_t>&, int, FutexScope) noexcept {}

#endif

void futex_wake_all(std::atomic<std::uint32_t>& word, FutexScope scope) noexcept {
  futex_wake(word, std::numeric_limits<int>::max(), scope);
}

}  // namespace loadgen
