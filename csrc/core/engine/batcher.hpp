// SPDX-License-Identifier: Apache-2.0
// Hands issued samples to a server that takes them (pull). There is no queue: rows are consecutive, so the batcher is
// two counters on the record, its issued head and a taken tail.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "base/cache_line.hpp"
#include "base/futex.hpp"
#include "record/record.hpp"

namespace loadgen {

struct TakeRequest {
  std::uint64_t max_size = 1;
  Duration max_wait{0};             // from the issue of the oldest sample in the batch
  std::optional<Instant> deadline;  // when to give up with nothing
};

/// Thread safety: published(), announce_pause(), finish() on the issuing thread (finish() on any); take() on any
///   number of threads. Each row is handed out once.
/// Memory ordering: what the issuing thread wrote before publishing a row is visible to the thread that took it.
class Batcher {
 public:
  explicit Batcher(Record& record) noexcept : record_{record} {}

  /// After Record::publish: `rows` more rows can be taken. `gap` is the time since the last call.
  void published(std::uint64_t rows, Duration gap) noexcept;
  /// No row from `head` on will come before some row below it is answered, so nobody should wait for a fuller batch.
  void announce_pause(std::uint64_t head) noexcept;
  /// No rows will come after those that are published: takers leave when they are taken.
  void finish_when_taken() noexcept;
  /// No more rows at all; what has not been taken stays untaken.
  void finish() noexcept;
  /// Whether takers get nothing any more.
  [[nodiscard]] bool finished() const noexcept {
    // seq_cst, both: a sleeper's last look, as in published()
    const Ending ending = ending_.load(std::memory_order_seq_cst);
    return ending == Ending::Now || (ending == Ending::WhenTaken && taken() >= record_.head());
  }
  [[nodiscard]] std::uint64_t taken() const noexcept {
    return tail_.load(std::memory_order_relaxed);  // relaxed: a figure, nothing hangs on it
  }

  /// The next rows, at most max_size: at once when the batch is full, when its oldest sample has waited max_wait, or
  /// when no more can come before an answer; else waits for one of these. Nothing when finished or past the deadline,
  /// or when a signal came (the caller looks whether it is to go on).
  [[nodiscard]] std::optional<RowRange> take(const TakeRequest& request) noexcept;

 private:
  enum class Ending : std::uint8_t { NotYet, WhenTaken, Now };

  /// What a taker saw when it looked.
  struct View {
    std::uint64_t head;
    std::uint64_t pause;
  };
  [[nodiscard]] View view() const noexcept;
  /// What can be taken now; count 0 when it is better to wait, until the instant in `wait_until` if there is one.
  [[nodiscard]] RowRange ready(const TakeRequest& request, View seen,
                               std::optional<Instant>& wait_until) const noexcept;
  /// Waits for more than what was seen. False: a signal came.
  bool wait(View seen, std::optional<Instant> until) noexcept;
  [[nodiscard]] bool something_new(View seen) const noexcept;
  void pass_on() noexcept;
  void wake_all() noexcept;

  // Waking a sleeper costs more than a gap of this length; a server that expects one that short spins through it.
  static constexpr Duration kSpin = std::chrono::microseconds{50};

  Record& record_;
  // Each on a line of its own: takers write the tail; the issuing thread writes the gap for every query; the rest
  // changes seldom and is read by both.
  alignas(kCacheLine) std::atomic<std::uint64_t> tail_{0};
  alignas(kCacheLine) std::atomic<std::int64_t> recent_gap_{Duration{std::chrono::seconds{1}}.count()};
  alignas(kCacheLine) std::atomic<std::uint32_t> sleepers_{0};
  std::atomic<std::uint32_t> word_{0};
  std::atomic<std::uint64_t> pause_head_{0};
  std::atomic<Ending> ending_{Ending::NotYet};
};

}  // namespace loadgen
