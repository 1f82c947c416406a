// SPDX-License-Identifier: Apache-2.0
// The record of a run: one row per sample, stored as columns.
//
// Not for: deciding when to issue (engine/), or what the figures mean (Python).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/cache_line.hpp"
#include "base/clock.hpp"
#include "base/reserved_range.hpp"
#include "record/completion_signal.hpp"
#include "record/counters.hpp"
#include "record/payload.hpp"

namespace loadgen {

/// Which instants each row keeps. What is left out is the same for all rows of a series, or equal to `issued`.
enum class InstantColumns : std::uint8_t {
  ScheduledAndIssued,  // Server
  IssuedOnly,          // SingleStream, MultiStream, Concurrent: a query is due when it is issued
  None,                // Offline: one instant for the whole series
};

enum class KeepOutputs : std::uint8_t { None, Chosen, All };

struct RecordSettings {
  std::uint16_t tag = 1;  // never 0; tells the ids of this run from those of others
  InstantColumns instants = InstantColumns::ScheduledAndIssued;
  bool tokens = false;
  KeepOutputs keep_outputs = KeepOutputs::None;
  bool recycle_outputs = false;  // they are read while the run goes on, and then forgotten
  Backing backing = Backing::Anonymous;
  std::uint64_t max_rows = std::uint64_t{1} << 33;  // halved until the system grants the addresses
};

/// Consecutive rows.
struct RowRange {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
};

enum RowStatus : std::uint8_t { kOk = 0, kFailed = 1, kMissing = 2 };

/// What an answer brings beside the instant. The arrays have an element a row, or are empty.
struct Answer {
  RowStatus status = kOk;
  std::span<const std::int64_t> n_tokens;
  std::span<const std::uint16_t> kinds;
  std::span<const std::span<const std::byte>> outputs;  // an element with data() == nullptr is not kept

  [[nodiscard]] bool plain() const noexcept { return status == kOk && n_tokens.empty() && outputs.empty(); }
};

/// Columns in reserved address ranges. A row never moves; an untouched column costs nothing.
///
/// An id is tag:16 | row:48. Instants are absolute ns of the monotonic clock, 0 = not yet. A row's `completed` goes
/// 0 -> instant, by one compare-exchange, when the answer is plain; 0 -> kClaimed -> instant when status, tokens or
/// bytes go with it, so that whoever sees the instant sees those too; 0 -> kClosed when the run ends first.
///
/// Thread safety: stage and publish calls on the issuing thread; completions on any thread, also at once.
/// Memory ordering: what the issuing thread wrote before publish() is visible to whoever holds an id of those rows
///   (find() acquires the head). What a completer wrote is visible to whoever sees is_done() (acquire).
/// Wait-free: a completion is one attempt a row, with no loop. close() waits only for completers that are between
///   their claim and their publication, a copy of bytes.
class Record {
 public:
  static constexpr std::int64_t kClaimed = -1;
  static constexpr std::int64_t kClosed = -2;
  static constexpr unsigned kRowBits = 48;

  Record(const RecordSettings& settings, const Clock& clock);

  // Issuing thread -----------------------------------------------------------------------------------------------
  [[nodiscard]] std::uint64_t capacity() const noexcept { return capacity_; }
  [[nodiscard]] std::uint32_t* index_at(std::uint64_t row) noexcept { return index_ + row; }
  /// Marks of rows whose answers are kept, when only some are; else nullptr.
  [[nodiscard]] std::uint8_t* keep_at(std::uint64_t row) noexcept {
    return settings_.keep_outputs == KeepOutputs::Chosen ? keep_ + row : nullptr;
  }
  void set_scheduled(std::uint64_t row, Instant at) noexcept {
    if (settings_.instants == InstantColumns::ScheduledAndIssued) scheduled_[row] = to_stamp(at);
  }
  void set_issued(RowRange rows, Instant at) noexcept {
    if (settings_.instants == InstantColumns::None) return;
    for (std::uint64_t row = rows.first; row < rows.first + rows.count; ++row) issued_[row] = to_stamp(at);
  }
  /// Makes all rows below `head` answerable.
  void publish(std::uint64_t head) noexcept {
    // seq_cst: also the store that a batcher's sleepers must not miss (Batcher::published); includes the release
    // that find() pairs with
    head_.store(head, std::memory_order_seq_cst);
  }

  // Any thread ---------------------------------------------------------------------------------------------------
  [[nodiscard]] std::uint64_t head() const noexcept {
    // seq_cst: see publish()
    return head_.load(std::memory_order_seq_cst);
  }
  [[nodiscard]] std::uint64_t id_of(std::uint64_t row) const noexcept {
    return (static_cast<std::uint64_t>(settings_.tag) << kRowBits) | row;
  }
  /// The row of an id; nothing, and a violation, when it is none of this run's issued samples.
  [[nodiscard]] std::optional<std::uint64_t> find(std::uint64_t id) noexcept;

  [[nodiscard]] bool is_done(std::uint64_t row) const noexcept {
    // seq_cst: the waiting thread looks at the row after it announced itself (CompletionSignal::arm); includes the
    // acquire that pairs with the completer's compare-exchange or publication
    return completed(row).load(std::memory_order_seq_cst) > 0;
  }
  [[nodiscard]] Instant completed_at(std::uint64_t row) const noexcept {
    // acquire: pairs with the completer's compare-exchange
    return from_stamp(completed(row).load(std::memory_order_acquire));
  }
  [[nodiscard]] Instant issued_at(std::uint64_t row) const noexcept { return from_stamp(issued_[row]); }
  /// First row at or after `from`, and below `to`, that has no answer yet; `to` when there is none.
  [[nodiscard]] std::uint64_t first_open(std::uint64_t from, std::uint64_t to) const noexcept;

  /// Answers `rows`, which find() or a batch gave. `at` was read before anything else. A row that has an answer keeps
  /// it, and a violation is counted. Returns how many rows this call answered.
  std::uint64_t complete(RowRange rows, Instant at, const Answer& answer) noexcept;
  /// Answers rows as failed. Returns how many this call answered, which is what failures of `kind` grow by.
  std::uint64_t fail(RowRange rows, Instant at, std::string_view kind, std::string_view message);
  /// The same for those of the rows that have no answer yet.
  void fail_open(RowRange rows, Instant at, std::string_view kind, std::string_view message);
  /// The first token is there: stamped once, and counted as one token. False: a violation was counted.
  bool first_token(RowRange rows, Instant at) noexcept;
  /// `n` more tokens are there; stamps the first one if nothing did. False: a violation was counted.
  bool add_tokens(RowRange rows, Instant at, std::int64_t n) noexcept;
  /// Whether any of the rows' answers is kept.
  [[nodiscard]] bool keeps_output(RowRange rows) const noexcept;
  [[nodiscard]] bool keeps_output(std::uint64_t row) const noexcept;

  /// Ends all rows from `from` on that are still open: they become kMissing and nothing can be written into them.
  /// `from` may be any row below which everything is answered. No row can be issued any more.
  void close(std::uint64_t from) noexcept;

  // Readers ------------------------------------------------------------------------------------------------------
  [[nodiscard]] const std::uint32_t* indices() const noexcept { return index_; }
  [[nodiscard]] const std::int64_t* scheduled_column() const noexcept {
    return settings_.instants == InstantColumns::ScheduledAndIssued ? scheduled_ : issued_;
  }
  [[nodiscard]] const std::int64_t* issued_column() const noexcept { return issued_; }
  [[nodiscard]] const std::int64_t* completed_column() const noexcept { return completed_; }
  [[nodiscard]] const std::int64_t* first_token_column() const noexcept { return first_token_; }
  [[nodiscard]] std::uint32_t* n_tokens_column() const noexcept { return n_tokens_; }
  [[nodiscard]] const std::uint8_t* status_column() const noexcept { return status_; }
  [[nodiscard]] const RecordSettings& settings() const noexcept { return settings_; }
  [[nodiscard]] const Clock& clock() const noexcept { return clock_; }
  [[nodiscard]] Payload* payload() noexcept { return payload_ ? &*payload_ : nullptr; }
  [[nodiscard]] CompletionSignal& signal() noexcept { return signal_; }
  [[nodiscard]] ViolationCounters& violations() noexcept { return violations_; }
  [[nodiscard]] FailureTable& failures() noexcept { return failures_; }

 private:
  [[nodiscard]] std::atomic_ref<std::int64_t> completed(std::uint64_t row) const noexcept {
    return std::atomic_ref<std::int64_t>{completed_[row]};
  }
  void complete_with(std::uint64_t row, std::size_t position, std::int64_t stamp, const Answer& answer) noexcept;
  void count_refused(std::uint64_t row, std::int64_t found) noexcept;
  template <typename T>
  T* reserve_column(std::uint64_t rows);
  bool reserve(std::uint64_t rows);

  RecordSettings settings_;
  Clock clock_;
  std::uint64_t capacity_ = 0;
  static constexpr std::size_t kMostColumns = 8;
  ReservedRange columns_[kMostColumns];
  std::size_t width_[kMostColumns] = {};  // of a row, in bytes
  std::size_t n_columns_ = 0;
  std::uint32_t* index_ = nullptr;
  std::int64_t* scheduled_ = nullptr;
  std::int64_t* issued_ = nullptr;
  std::int64_t* completed_ = nullptr;
  std::int64_t* first_token_ = nullptr;
  std::uint32_t* n_tokens_ = nullptr;
  std::uint8_t* status_ = nullptr;
  std::uint8_t* keep_ = nullptr;
  std::optional<Payload> payload_;
  // Written by the issuing thread for every query; completers and takers read it.
  alignas(kCacheLine) std::atomic<std::uint64_t> head_{0};
  CompletionSignal signal_;
  ViolationCounters violations_;
  FailureTable failures_;
};

}  // namespace loadgen
