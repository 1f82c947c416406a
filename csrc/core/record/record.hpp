// SPDX-License-Identifier: Apache-2.0
// The record of a run: one row per sample, stored as columns.
//
// Not for: deciding when to issue (engine/), or what the figures mean (Python).
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/cache_line.hpp"
#include "base/clock.hpp"
#include "base/reserved_range.hpp"
#include "base/shared_object.hpp"
#include "record/completion_signal.hpp"
#include "record/counters.hpp"
#include "record/payload.hpp"
#include "record/row.hpp"
#include "record/token_times.hpp"

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
  bool token_times = false;  // with tokens: every token's instant is kept
  KeepOutputs keep_outputs = KeepOutputs::None;
  bool recycle_outputs = false;                     // they are read while the run goes on, and then forgotten
  std::uint64_t max_rows = std::uint64_t{1} << 33;  // halved until the system grants the addresses
  std::uint32_t parts = 1;                          // each with its own rows and its own issuing thread
  std::uint64_t ring_rows = 0;                      // so many, used again and again; 0: a row a sample
};

/// Columns in reserved address ranges. A row never moves; an untouched column costs nothing.
///
/// Rows lie in parts of equal size, one for each issuing thread; nearly always there is one. Part p begins at row
/// part_begin(p), and its head counts rows from there on.
///
/// In a ring, rows count on for ever and lie where the row `ring_rows` before them lay. `completed` of a row that is
/// open is then a mark of its own, less than kClosed, so that a late answer to an earlier row finds another one.
///
/// An id is tag:16 | row:48. Instants are absolute ns of the monotonic clock, 0 = not yet. A row's `completed` goes
/// 0 -> instant, by one compare-exchange, when the answer is plain; 0 -> kClaimed -> instant when status, tokens or
/// bytes go with it, so that whoever sees the instant sees those too; 0 -> kClosed when the run ends first.
///
/// Thread safety: stage and publish calls on the issuing thread; completions on any thread, also at once.
/// Memory ordering: what the issuing thread wrote before publish() is visible to whoever holds an id of those rows
///   (find() acquires the head). What a completer wrote is visible to whoever sees is_done() (acquire).
/// Wait-free: a completion is one attempt a row, with no loop; tokens are lock-free. close() waits only for completers
///   that are between their claim and their publication, a copy of bytes.
class Record {
 public:
  static constexpr std::int64_t kClaimed = -1;
  static constexpr std::int64_t kClosed = -2;
  static constexpr unsigned kRowBits = 48;

  /// A taker that stands for nobody: the row has not been handed out.
  static constexpr std::uint16_t kNobody = 0;

  /// `ranges`: where the memory comes from. Throws Error{OutOfMemory}, also when another process's ranges are not
  /// those of such a record.
  Record(const RecordSettings& settings, const Clock& clock, Ranges& ranges);
  /// In memory of this process alone.
  Record(const RecordSettings& settings, const Clock& clock);

  // Issuing thread -----------------------------------------------------------------------------------------------
  [[nodiscard]] std::uint64_t part_begin(std::uint32_t part) const noexcept {
    return static_cast<std::uint64_t>(part) << part_bits_;
  }
  /// Past the last row that a part has room for.
  [[nodiscard]] std::uint64_t part_end(std::uint32_t part) const noexcept { return part_begin(part) + part_rows_; }
  /// Where a row lies in the columns.
  [[nodiscard]] std::uint64_t slot(std::uint64_t row) const noexcept {
    return settings_.ring_rows == 0 ? row : row % settings_.ring_rows;
  }
  /// How many rows from `row` on may be handed over together: they lie one behind the other, and fill no ring.
  [[nodiscard]] std::uint64_t together(std::uint64_t row) const noexcept {
    if (settings_.ring_rows == 0) return ~std::uint64_t{0};
    return std::min(settings_.ring_rows - slot(row), settings_.ring_rows / 2);
  }
  [[nodiscard]] std::uint32_t* index_at(std::uint64_t row) noexcept { return index_ + slot(row); }
  [[nodiscard]] const std::uint32_t* index_at(std::uint64_t row) const noexcept { return index_ + slot(row); }
  /// Ring: whether an issued row has no answer; waits for one that is being written.
  [[nodiscard]] bool is_open(std::uint64_t row) noexcept;
  /// Ring: makes sure that nothing more is written into an issued row, waiting for an answer that is being written,
  /// and returns what is in it. Without an answer it becomes missing.
  RowView seal(std::uint64_t row) noexcept;
  /// Ring: opens rows that lie where sealed ones lay.
  void reopen(RowRange rows) noexcept;
  /// Marks of rows whose answers are kept, when only some are; else nullptr.
  [[nodiscard]] std::uint8_t* keep_at(std::uint64_t row) noexcept {
    return settings_.keep_outputs == KeepOutputs::Chosen ? keep_ + row : nullptr;
  }
  void set_scheduled(std::uint64_t row, Instant at) noexcept {
    if (settings_.instants == InstantColumns::ScheduledAndIssued) scheduled_[slot(row)] = to_stamp(at);
  }
  void set_issued(RowRange rows, Instant at) noexcept {
    if (settings_.instants == InstantColumns::None) return;
    for (std::uint64_t row = rows.first; row < rows.first + rows.count; ++row) issued_[slot(row)] = to_stamp(at);
  }
  /// Fetches what issuing and answering a row writes to, so that neither waits for memory. Changes nothing.
  void warm(std::uint64_t row, std::uint32_t part) noexcept {
    if (issued_ != nullptr) __builtin_prefetch(issued_ + slot(row), 1);
    __builtin_prefetch(completed_ + slot(row), 1);
    __builtin_prefetch(&heads_[part], 1);
    complete({row, 0}, Instant{}, Answer{});
  }
  /// Makes all rows of a part below `head` answerable.
  void publish(std::uint64_t head, std::uint32_t part = 0) noexcept {
    // seq_cst: also the store that a batcher's sleepers must not miss (Batcher::published); includes the release
    // that find() pairs with
    heads_[part].row.store(head, std::memory_order_seq_cst);
  }

  // Any thread ---------------------------------------------------------------------------------------------------
  [[nodiscard]] std::uint64_t head(std::uint32_t part = 0) const noexcept {
    // seq_cst: see publish()
    return heads_[part].row.load(std::memory_order_seq_cst);
  }
  /// The head of the part that any number would be a row of; 0 where there is no such part.
  [[nodiscard]] std::uint64_t head_of(std::uint64_t row) const noexcept {
    const std::uint64_t part = row >> part_bits_;
    // acquire: pairs with publish()
    return part < settings_.parts ? heads_[part].row.load(std::memory_order_acquire) : 0;
  }
  [[nodiscard]] std::uint32_t parts() const noexcept { return settings_.parts; }
  [[nodiscard]] std::uint64_t id_of(std::uint64_t row) const noexcept {
    return (static_cast<std::uint64_t>(settings_.tag) << kRowBits) | row;
  }
  /// The row of an id; nothing, and a violation, when it is none of this run's issued samples.
  [[nodiscard]] std::optional<std::uint64_t> find(std::uint64_t id) noexcept;

  [[nodiscard]] bool is_done(std::uint64_t row) const noexcept {
    // seq_cst: the waiting thread looks at the row after it announced itself (CompletionSignal::arm); includes the
    // acquire that pairs with the completer's compare-exchange or publication
    const std::int64_t found = completed(row).load(std::memory_order_seq_cst);
    return found > 0 || (found < kClosed && found != open_mark(row));  // or its place is another row's
  }
  [[nodiscard]] Instant completed_at(std::uint64_t row) const noexcept {
    // acquire: pairs with the completer's compare-exchange
    return from_stamp(completed(row).load(std::memory_order_acquire));
  }
  [[nodiscard]] Instant issued_at(std::uint64_t row) const noexcept { return from_stamp(issued_[slot(row)]); }
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
  /// `n` more tokens are there; stamps the first one if nothing did. A row has at most 2^32 - 1. False: a violation
  /// was counted.
  bool add_tokens(RowRange rows, Instant at, std::int64_t n) noexcept;
  /// Whether any of the rows' answers is kept.
  [[nodiscard]] bool keeps_output(RowRange rows) const noexcept;
  [[nodiscard]] bool keeps_output(std::uint64_t row) const noexcept;

  /// Ends all rows from `from` on that are still open: they become kMissing and nothing can be written into them.
  /// `from` may be any row of the first part below which everything is answered. No row can be issued any more.
  void close(std::uint64_t from) noexcept;

  // Readers ------------------------------------------------------------------------------------------------------
  [[nodiscard]] const std::uint32_t* indices() const noexcept { return index_; }
  [[nodiscard]] const std::int64_t* scheduled_column() const noexcept {
    return settings_.instants == InstantColumns::ScheduledAndIssued ? scheduled_ : issued_;
  }
  [[nodiscard]] const std::int64_t* issued_column() const noexcept { return issued_; }
  [[nodiscard]] const std::int64_t* completed_column() const noexcept { return completed_; }
  /// Null where no tokens are recorded, as are the columns of them.
  [[nodiscard]] TokenTimes* tokens() noexcept { return tokens_ ? &*tokens_ : nullptr; }
  [[nodiscard]] const std::int64_t* first_token_column() const noexcept {
    return tokens_ ? tokens_->first_column() : nullptr;
  }
  [[nodiscard]] std::uint32_t* n_tokens_column() const noexcept { return tokens_ ? tokens_->count_column() : nullptr; }
  [[nodiscard]] const std::uint8_t* status_column() const noexcept { return status_; }
  [[nodiscard]] const RecordSettings& settings() const noexcept { return settings_; }
  [[nodiscard]] const Clock& clock() const noexcept { return clock_; }
  [[nodiscard]] Payload* payload() noexcept { return payload_ ? &*payload_ : nullptr; }
  [[nodiscard]] CompletionSignal& signal() noexcept { return state_->signal; }
  [[nodiscard]] ViolationCounters& violations() noexcept { return state_->violations; }
  [[nodiscard]] FailureTable& failures() noexcept { return state_->failures; }
  /// How many rows there is room for, in all parts.
  [[nodiscard]] std::uint64_t capacity() const noexcept { return rows_; }

  // Several processes ----------------------------------------------------------------------------------------------
  /// Whether other processes take and answer rows too. Then each row knows who took it.
  [[nodiscard]] bool shared() const noexcept { return taker_ != nullptr; }
  [[nodiscard]] std::uint16_t taker_of(std::uint64_t row) const noexcept {
    return std::atomic_ref{taker_[row]}.load(std::memory_order_relaxed);  // relaxed: claim() decides
  }
  /// Whether the row is `taker`'s from now on; false: it is another one's.
  bool claim(std::uint64_t row, std::uint16_t taker) noexcept {
    std::uint16_t nobody = kNobody;
    // acquire: pairs with release_from()
    return std::atomic_ref{taker_[row]}.compare_exchange_strong(nobody, taker, std::memory_order_acquire,
                                                                std::memory_order_relaxed);
  }
  /// Whether an open row was `taker`'s, who is gone, and is nobody's now. Also when the taker was answering it: who
  /// is gone does not come back to that.
  bool release_from(std::uint64_t row, std::uint16_t taker) noexcept;

 private:
  [[nodiscard]] std::atomic_ref<std::int64_t> completed(std::uint64_t row) const noexcept {
    return std::atomic_ref<std::int64_t>{completed_[slot(row)]};
  }
  /// What `completed` is while a row has no answer: 0, in a ring its own for each time round.
  [[nodiscard]] std::int64_t open_mark(std::uint64_t row) const noexcept {
    if (settings_.ring_rows == 0 || row < settings_.ring_rows) return 0;
    return kClosed - static_cast<std::int64_t>(row / settings_.ring_rows);
  }
  /// Tells `take(row, place)` of the rows that are open; what it finds wrong is counted, as is `late` of the others.
  template <typename Take>
  bool take_tokens(RowRange rows, Violation late, Take take) noexcept;
  void complete_with(std::uint64_t row, std::size_t position, std::int64_t stamp, const Answer& answer) noexcept;
  /// Whether the row was open; waits for an answer that is being written.
  bool close_row(std::uint64_t row) noexcept;
  /// Waits until a claimed row is answered; false: it is open again, since the process that was at it is gone.
  bool await_claim(std::uint64_t row) noexcept;
  void count_refused(std::uint64_t row, std::int64_t found) noexcept;
  template <typename T>
  T* reserve_column(std::uint64_t rows, Ranges& ranges);
  bool reserve(std::uint64_t rows, Ranges& ranges);

  RecordSettings settings_;
  Clock clock_;
  std::uint64_t rows_ = 0;       // room, in all parts
  std::uint64_t part_rows_ = 0;  // room of a part
  unsigned part_bits_ = kRowBits;
  static constexpr std::size_t kMostColumns = 10;
  ReservedRange columns_[kMostColumns];
  std::size_t width_[kMostColumns] = {};  // of a row, in bytes
  std::size_t n_columns_ = 0;
  std::uint32_t* index_ = nullptr;
  std::int64_t* scheduled_ = nullptr;
  std::int64_t* issued_ = nullptr;
  std::int64_t* completed_ = nullptr;
  std::uint8_t* status_ = nullptr;
  std::uint8_t* keep_ = nullptr;
  std::uint16_t* taker_ = nullptr;
  std::optional<Payload> payload_;
  std::optional<TokenTimes> tokens_;
  // Each written by its issuing thread for every query; completers and takers read it.
  struct alignas(kCacheLine) Head {
    std::atomic<std::uint64_t> row{0};
  };
  ReservedRange head_range_;
  Head* heads_ = nullptr;
  struct State {
    explicit State(FutexScope scope) noexcept : signal{scope} {}
    CompletionSignal signal;
    ViolationCounters violations;
    FailureTable failures;
  };
  SharedObject<State> state_;
};

}  // namespace loadgen
