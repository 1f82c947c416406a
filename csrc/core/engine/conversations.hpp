// SPDX-License-Identifier: Apache-2.0
// Conversations of a Server run while it goes on: which turn is due next, and which are waited for.
//
// Not for waiting or issuing: conversations.cpp has that, as a part of the Issuer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/time.hpp"
#include "plan/traffic.hpp"
#include "record/record.hpp"

namespace loadgen {

/// A heap of what is due, the planned start of one conversation among it, and a list of the rows that are open.
///
/// Lives on the issuing thread. Memory and costs are of the conversations that are open: a turn costs the logarithm of
/// what is due, and collect() a look at each open row: 2 ns.
class OpenConversations {
 public:
  /// Has the first start of the plan.
  OpenConversations(const Record& record, TrafficPlan& plan, Instant start);

  /// Whether a turn or a start is due, now or later, whatever answers come.
  [[nodiscard]] bool has_next() const noexcept { return !due_.empty(); }
  /// REQUIRES, both: has_next().
  [[nodiscard]] Instant next_due() const noexcept { return due_.front().at; }
  [[nodiscard]] std::uint32_t next_sample() const noexcept { return talks_[due_.front().talk].sample; }
  /// Whether no turn can become due any more.
  [[nodiscard]] bool no_more() const noexcept { return due_.empty() && going_on_ == 0; }

  /// The next turn was issued in this row. Plans the next start when it was one. REQUIRES: has_next().
  void issued(std::uint64_t row);
  /// Takes the answers that have come: the next turn of each is due a think time later. A turn that failed was its
  /// conversation's last.
  void collect();
  /// The first row that is waited for, or `head` where there is none.
  [[nodiscard]] std::uint64_t first_open(std::uint64_t head) const noexcept {
    return open_.empty() ? head : open_.front().row;
  }
  /// When the last of the answers that were collected came.
  [[nodiscard]] Instant last_answer() const noexcept { return last_answer_; }

 private:
  struct Talk {
    std::uint32_t sample = 0;           // of its next turn
    std::size_t turn = 0;               // its number
    std::vector<Duration> think_times;  // one fewer than turns
  };
  struct Due {
    Instant at;
    std::uint64_t order;  // in which they came: those that are due at once go in it
    std::uint32_t talk;
    bool is_start;
    bool operator<(const Due& other) const noexcept {  // a heap keeps its largest in front
      return at != other.at ? at > other.at : order > other.order;
    }
  };
  struct Open {
    std::uint64_t row;
    std::uint32_t talk;
  };

  void plan_start();
  void push(Instant at, std::uint32_t talk, bool is_start);
  void answered(const Open& open);
  [[nodiscard]] bool is_last(const Talk& talk) const noexcept { return talk.turn == talk.think_times.size(); }

  const Record& record_;
  TrafficPlan& plan_;
  Instant start_;
  Instant last_answer_{};
  std::uint64_t added_ = 0;
  std::uint64_t going_on_ = 0;       // open rows whose conversations have a further turn
  std::vector<Talk> talks_;          // in places that are used again
  std::vector<std::uint32_t> free_;  // places
  std::vector<Due> due_;             // a heap
  std::vector<Open> open_;           // ascending rows
};

}  // namespace loadgen
