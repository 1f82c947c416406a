// SPDX-License-Identifier: Apache-2.0
// The 32-bit Mersenne Twister, source of all traffic. Not for anything secret.
//
// M. Matsumoto and T. Nishimura, "Mersenne Twister: a 623-dimensionally equidistributed uniform
// pseudo-random number generator", ACM TOMACS 8 (1998). Same words as std::mt19937, made 624 at a
// time in loops that compilers vectorise.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace loadgen {

/// Words from `seed` (its low 32 bits count).
///
/// Copying an engine copies its place in the stream. Size: 5 KiB.
/// Thread safety: none; an engine belongs to one thread at a time.
/// Cost: about 1 ns a word, of which a third is the block generation.
class Mt19937 {
 public:
  static constexpr std::uint64_t kDefaultSeed = 5489;

  explicit Mt19937(std::uint64_t seed = kDefaultSeed) noexcept;

  /// The next word, uniform on [0, 2^32).
  std::uint32_t operator()() noexcept {
    if (next_ == kWords) [[unlikely]] {
      refill();
    }
    return tempered_[next_++];
  }

  /// The next two words, the first one low.
  std::uint64_t two_words() noexcept {
    if (next_ + 2 > kWords) [[unlikely]] {
      const std::uint64_t low = (*this)();
      return low | std::uint64_t{(*this)()} << 32U;
    }
    const std::uint64_t low = tempered_[next_];
    const std::uint64_t high = tempered_[next_ + 1];
    next_ += 2;
    return low | high << 32U;
  }

  /// Passes over `count` words.
  void discard(std::uint64_t count) noexcept;

 private:
  static constexpr std::size_t kWords = 624;

  void refill() noexcept;
  void twist() noexcept;

  std::size_t next_ = kWords;
  alignas(64) std::array<std::uint32_t, kWords> state_{};
  alignas(64) std::array<std::uint32_t, kWords> tempered_{};
};

}  // namespace loadgen
