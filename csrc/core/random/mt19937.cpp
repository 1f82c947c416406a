// SPDX-License-Identifier: Apache-2.0
#include "random/mt19937.hpp"

#include <algorithm>

namespace loadgen {
namespace {

constexpr std::size_t kShift = 397;  // M of the paper: how far ahead a word is mixed in
constexpr std::uint32_t kMatrix = 0x9908b0dfU;
constexpr std::uint32_t kUpperBit = 0x80000000U;
constexpr std::uint32_t kLowerBits = 0x7fffffffU;
constexpr std::uint32_t kInitialiser = 1812433253U;

constexpr std::uint32_t mix(std::uint32_t word, std::uint32_t following, std::uint32_t ahead) noexcept {
  const std::uint32_t joined = (word & kUpperBit) | (following & kLowerBits);
  const std::uint32_t odd = 0U - (following & 1U);  // all ones or none, so that the loops have no branch
  return ahead ^ (joined >> 1U) ^ (odd & kMatrix);
}

constexpr std::uint32_t temper(std::uint32_t word) noexcept {
  word ^= word >> 11U;
  word ^= (word << 7U) & 0x9d2c5680U;
  word ^= (word << 15U) & 0xefc60000U;
  return word ^ (word >> 18U);
}

}  // namespace

Mt19937::Mt19937(std::uint64_t seed) noexcept {
  state_[0] = static_cast<std::uint32_t>(seed);
  for (std::size_t i = 1; i < kWords; ++i) {
    const std::uint32_t before = state_[i - 1];
    state_[i] = kInitialiser * (before ^ (before >> 30U)) + static_cast<std::uint32_t>(i);
  }
}

void Mt19937::twist() noexcept {
  std::uint32_t* const x = state_.data();
  for (std::size_t i = 0; i < kWords - kShift; ++i) x[i] = mix(x[i], x[i + 1], x[i + kShift]);
  for (std::size_t i = kWords - kShift; i < kWords - 1; ++i) x[i] = mix(x[i], x[i + 1], x[i + kShift - kWords]);
  x[kWords - 1] = mix(x[kWords - 1], x[0], x[kShift - 1]);
}

void Mt19937::refill() noexcept {
  twist();
  for (std::size_t i = 0; i < kWords; ++i) tempered_[i] = temper(state_[i]);
  next_ = 0;
}

void Mt19937::discard(std::uint64_t count) noexcept {
  const std::uint64_t ready = kWords - next_;
  if (count <= ready) {
    next_ += count;
    return;
  }
  count -= ready;
  for (; count > kWords; count -= kWords) twist();
  refill();
  next_ = count;
}

}  // namespace loadgen
