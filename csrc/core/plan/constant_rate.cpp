// SPDX-License-Identifier: Apache-2.0
#include "plan/constant_rate.hpp"

#include <cmath>

namespace loadgen {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr int kMantissaBits = 53;
constexpr std::uint64_t kNanosecondsPerSecond = 1'000'000'000;

}  // namespace

// qps = mantissa * 2^exponent with a mantissa of 53 bits, hence 1e9 / qps = 1e9 * 2^-exponent /
// mantissa. Between the bounds of a target rate, -exponent lies between 19 and 86, and 1e9 has 30
// bits: the dividend fits 128 bits.
ConstantRate::ConstantRate(double target_qps) noexcept {
  int exponent = 0;
  const double fraction = std::frexp(target_qps, &exponent);
  const auto mantissa = static_cast<std::uint64_t>(std::ldexp(fraction, kMantissaBits));
  const Wide dividend = Wide{kNanosecondsPerSecond} << static_cast<unsigned>(kMantissaBits - exponent);
  whole_ = static_cast<std::int64_t>(dividend / mantissa);
  part_ = static_cast<std::uint64_t>(dividend % mantissa);
  denominator_ = mantissa;
}

}  // namespace loadgen
