// SPDX-License-Identifier: Apache-2.0
// Conversations of several turns: which samples a conversation asks for, and how long a user thinks
// between an answer and the next turn. When one starts, and which, is traffic.hpp.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/time.hpp"
#include "random/mt19937.hpp"

namespace loadgen {

enum class ThinkTime : std::uint8_t { Exponential, Constant };

struct ConversationSettings {
  std::vector<std::uint32_t> turns{};  // of each, in the order of the data set; none: no conversations
  ThinkTime kind = ThinkTime::Exponential;
  Duration think_time{0};  // mean
};

/// The present conversation of a plan. Its turns are consecutive samples of the data set.
///
/// Think times come from an engine of their own, all of a conversation when it is begun: starts are
/// those of the same plan without conversations, and no think time depends on when answers come.
class ConversationStream {
 public:
  /// No conversations. begin() is not to be called.
  ConversationStream() = default;

  /// Throws Error{InvalidPlan} unless the turns are the samples 0 .. `samples` - 1, at least one in
  /// each conversation, and the think time lies in [0, kEndOfTime].
  ConversationStream(const ConversationSettings& settings, std::uint64_t samples, std::uint64_t schedule_seed);

  /// How many conversations there are; 0: queries are on their own.
  [[nodiscard]] std::uint32_t count() const noexcept { return static_cast<std::uint32_t>(turns_.size()); }

  /// On to this conversation. Cost: 6 ns a turn.
  void begin(std::uint32_t conversation);

  /// Turns of the present one.
  [[nodiscard]] std::uint32_t turns() const noexcept { return static_cast<std::uint32_t>(think_times_.size()) + 1; }
  /// Between its turns: one fewer than there are.
  [[nodiscard]] std::span<const Duration> think_times() const noexcept { return think_times_; }
  /// The samples of its next turns. REQUIRES: so many are left.
  void take(std::span<std::uint32_t> indices) noexcept {
    for (std::uint32_t& index : indices) index = next_sample_++;
  }

 private:
  std::vector<std::uint32_t> turns_;
  std::vector<std::uint32_t> first_sample_;
  ThinkTime kind_ = ThinkTime::Exponential;
  Duration think_time_{0};
  Mt19937 engine_;
  std::uint32_t next_sample_ = 0;
  std::vector<Duration> think_times_;
};

}  // namespace loadgen
