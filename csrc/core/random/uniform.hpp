// SPDX-License-Identifier: Apache-2.0
// Uniform integers and reals as libstdc++ 11 and newer draws them on 64-bit Linux, hence as
// MLPerf's LoadGen does. Written out because the C++ standard leaves the distributions open.
#pragma once

#include <cstdint>

#include "random/mt19937.hpp"

namespace loadgen {

/// Uniform on [0, range), `range` at least 1. One word, now and then one more; also for range 1.
///
/// D. Lemire, "Fast random integer generation in an interval", ACM TOMACS 29 (2019): the high half
/// of word * range, rejected while the low half is below 2^32 mod range.
inline std::uint32_t below(Mt19937& engine, std::uint32_t range) noexcept {
  std::uint64_t product = std::uint64_t{engine()} * range;
  if (static_cast<std::uint32_t>(product) < range) [[unlikely]] {
    const std::uint32_t threshold = (0U - range) % range;
    while (static_cast<std::uint32_t>(product) < threshold) product = std::uint64_t{engine()} * range;
  }
  return static_cast<std::uint32_t>(product >> 32U);
}

/// Uniform on [0, 1), always two words: (low + high * 2^32) / 2^64 with one rounding, at most the
/// double below 1.
inline double u01(Mt19937& engine) noexcept {
  const std::uint64_t words = engine.two_words();
  const auto low = static_cast<double>(words & 0xffffffffU);
  const auto high = static_cast<double>(words >> 32U);
  const double value = (low + high * 0x1p32) * 0x1p-64;
  return value < 1.0 ? value : 0x1.fffffffffffffp-1;
}

}  // namespace loadgen
