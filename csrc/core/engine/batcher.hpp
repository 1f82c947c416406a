// SPDX-License-Identifier: Apache-2.0
// Hands issued samples to a server that takes them (pull). There is no queue: rows are consecutive, so the batcher is
// two counters on the record, its issued head and a taken tail.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <span>

#include "base/cache_line.hpp"
#include "base/futex.hpp"
#include "base/shared_object.hpp"
#include "engine/takers.hpp"
#include "record/record.hpp"

namespace loadgen {

struct TakeRequest {
  std::uint64_t max_size = 1;
  Duration max_wait{0};             // from the issue of the oldest sample in the batch
  std::optional<Instant> deadline;  // when to give up with nothing
  /// Sizes that are not waited at: the largest that can be had goes out at once. Ascending, each at most max_size.
  std::span<const std::uint64_t> preferred{};
};

/// In a shared record (Record::shared) takers of other processes have batchers of their own over the same state. Then
/// each row is claimed by itself, so that it is known whose it is should a process die; the tail is where to look for
/// rows that are free, and they are handed out until all are answered, since any of them may have to be once more.
///
/// Thread safety: published(), announce_pause(), finish() on the issuing thread (finish() on any); take() on any
///   number of threads. Each row is handed out once, but for those that are released.
/// Memory ordering: what the issuing thread wrote before publishing a row is visible to the thread that took it.
class Batcher {
 public:
  static constexpr std::size_t kLargestCounted = std::size_t{1} << 16;

  /// `ranges`: those of the record. Throws Error{OutOfMemory}; in another process's ranges also Error{TooManyTakers}.
  Batcher(Record& record, Ranges& ranges);
  /// In memory of this process alone.
  explicit Batcher(Record& record);
  ~Batcher();
  Batcher(const Batcher&) = delete;
  Batcher& operator=(const Batcher&) = delete;

  /// After Record::publish: `rows` more rows can be taken. `gap` is the time since the last call.
  void published(std::uint64_t rows, Duration gap) noexcept;
  /// No row from `head` on will come before some row below it is answered, so nobody should wait for a fuller batch.
  void announce_pause(std::uint64_t head) noexcept;
  /// No rows will come after those that are published: takers leave when they are taken.
  void finish_when_taken() noexcept;
  /// No more rows at all; what has not been taken stays untaken.
  void finish() noexcept;
  /// Whether this process's takers get nothing any more.
  [[nodiscard]] bool finished() const noexcept {
    // seq_cst: see stop_taking()
    return stopped_.load(std::memory_order_seq_cst) || ended();
  }
  /// Whether no process's takers do.
  [[nodiscard]] bool ended() const noexcept {
    // seq_cst, both: a sleeper's last look, as in published()
    const Ending ending = state_->ending.load(std::memory_order_seq_cst);
    return ending == Ending::Now || (ending == Ending::WhenTaken && taken() >= record_.head());
  }
  [[nodiscard]] std::uint64_t taken() const noexcept {
    return state_->tail.load(std::memory_order_relaxed) & kRowMask;  // relaxed: a figure, nothing hangs on it
  }
  /// How many batches of `size` were taken; of kLargestCounted, also larger ones.
  [[nodiscard]] std::uint64_t batches_of(std::size_t size) const noexcept {
    return state_->batches[size].load(std::memory_order_relaxed);  // relaxed: a figure
  }

  /// The next rows, at most max_size: at once when the batch is full, when its oldest sample has waited max_wait, or
  /// when no more can come before an answer; else waits for one of these. Nothing when finished or past the deadline,
  /// or when a signal came (the caller looks whether it is to go on).
  [[nodiscard]] std::optional<RowRange> take(const TakeRequest& request) noexcept;

  /// For a taker that sleeps in the kernel on other things as well: from now on the eventfd is written to when rows are
  /// published, once for each arm(). Before anything is issued.
  void ring(int eventfd) noexcept { bell_.store(eventfd, std::memory_order_relaxed); }  // relaxed: threads come later
  [[nodiscard]] bool rings() const noexcept { return bell_.load(std::memory_order_relaxed) >= 0; }  // relaxed: as above
  /// Rows are about to come: rings once for that, so that a taker who arms it again sleeps lightly when they do.
  void announce() noexcept { ring_if_armed(); }
  /// Has the next rows ring. To be followed by a take(), which has those that came before.
  void arm() noexcept {
    // seq_cst: as in published(): either the issuing thread sees this, or the take() sees its rows
    armed_.store(true, std::memory_order_seq_cst);
  }

  /// Several processes: this one's takers get nothing any more, and none is at it when this returns.
  void stop_taking() noexcept;
  /// Several processes: takes and answers nothing more. What is open is handed out again.
  void leave() noexcept;
  /// Several processes: how many rows this one has taken and not answered.
  [[nodiscard]] std::uint64_t open_rows() const noexcept;
  /// Several processes: who they are.
  [[nodiscard]] Takers& takers() noexcept { return state_->takers; }
  /// Several processes: hands the open rows of a taker that is gone out again. Returns how many. On one thread at a
  /// time; waits for what another process that answers such a row is at, a second at most.
  std::uint64_t release(std::uint16_t taker) noexcept;

 private:
  enum class Ending : std::uint8_t { NotYet, WhenTaken, Now };

  /// By size; not initialized, since that would touch all of it.
  struct Counts {
    Counts() noexcept {}  // NOLINT(modernize-use-equals-default): see above
    std::atomic<std::uint64_t>& operator[](std::size_t size) noexcept { return counts[size]; }
    union {
      std::atomic<std::uint64_t> counts[kLargestCounted + 1];
    };
  };

  /// What a taker saw when it looked.
  struct View {
    std::uint64_t head;
    std::uint64_t pause;
    std::uint64_t releases;
  };
  [[nodiscard]] View view() const noexcept;
  /// Takes what can be taken now; nothing when it is better to wait, until the instant in `wait_until` if there is one.
  [[nodiscard]] RowRange ready(const TakeRequest& request, View seen, std::optional<Instant>& wait_until) noexcept;
  /// Whether a batch that could be fuller is to wait, and until when.
  [[nodiscard]] bool waits(const TakeRequest& request, View seen, std::uint64_t oldest,
                           std::optional<Instant>& wait_until) const noexcept;
  /// The first rows that nobody has, at most `most`; `tail` becomes where the look began.
  [[nodiscard]] RowRange next_free(std::uint64_t head, std::uint64_t most, std::uint64_t& tail) noexcept;
  /// Takes rows that next_free() gave; in a shared record perhaps fewer of them. None: others were faster.
  [[nodiscard]] RowRange claim(RowRange rows, std::uint64_t tail) noexcept;
  [[nodiscard]] std::optional<RowRange> take_until_finished(const TakeRequest& request) noexcept;
  /// Waits for more than what was seen. False: a signal came.
  bool wait(View seen, std::optional<Instant> until) noexcept;
  [[nodiscard]] bool something_new(View seen) const noexcept;
  void pass_on() noexcept;
  void ring_if_armed() noexcept;
  void wake_all() noexcept;

  // Waking a sleeper costs more than a gap of this length; a server that expects one that short spins through it.
  static constexpr Duration kSpin = std::chrono::microseconds{50};

  /// Of the tail: the row in the lower bits; above it, how often rows were released, so that no taker that looked
  /// before moves the tail past rows that are free again.
  static constexpr std::uint64_t kRowMask = (std::uint64_t{1} << Record::kRowBits) - 1;

  struct State {
    // Each on a line of its own: takers write the tail; the issuing thread writes the gap for every query; the rest
    // changes seldom and is read by both.
    alignas(kCacheLine) std::atomic<std::uint64_t> tail{0};
    alignas(kCacheLine) std::atomic<std::int64_t> recent_gap{Duration{std::chrono::seconds{1}}.count()};
    alignas(kCacheLine) std::atomic<std::uint32_t> sleepers{0};
    std::atomic<std::uint32_t> word{0};
    std::atomic<std::uint64_t> pause_head{0};
    std::atomic<Ending> ending{Ending::NotYet};
    Takers takers;
    Counts batches;
  };

  Record& record_;
  SharedObject<State> state_;
  FutexScope scope_;
  std::uint16_t taker_;  // who this is in a shared record
  long process_ = 0;     // that has joined; 0: it is the one that issues
  std::atomic<int> bell_{-1};
  std::atomic<bool> armed_{false};
  std::atomic<bool> stopped_{false};
  std::atomic<bool> left_{false};
  std::atomic<std::uint32_t> taking_{0};  // calls of take(), in a process that has joined
};

}  // namespace loadgen
