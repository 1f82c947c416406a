// SPDX-License-Identifier: Apache-2.0
// When tokens came: of each row the first and the latest, of all rows the gaps between them, and, where asked for,
// every single one.
//
// Not for: whether a row may still be given tokens (record.hpp).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/cache_line.hpp"
#include "base/reserved_range.hpp"
#include "base/shared_object.hpp"
#include "record/counters.hpp"
#include "record/histogram.hpp"

namespace loadgen {

/// Gaps in the buckets of a FineHistogram. Lives in memory that reads as zero (SharedObject), never on a stack.
///
/// Thread safety: any thread of any process that shares it, but for reset(). Lock-free; of gaps that are no new extreme
///   wait-free: one addition.
/// Memory ordering: none; read it when who adds is done.
class TokenGaps {
 public:
  TokenGaps() noexcept {}  // NOLINT(modernize-use-equals-default): it would touch all of the memory

  void add(std::uint64_t gap) noexcept;
  void reset() noexcept;

  /// 0 where there is none, as is max().
  [[nodiscard]] std::uint64_t min() const noexcept;
  [[nodiscard]] std::uint64_t max() const noexcept;
  /// Calls `visit(smallest, largest, count)` for each bucket that is not empty, in ascending order.
  template <typename Visit>
  void for_each(Visit visit) const {
    for (std::size_t bucket = 0; bucket < FineHistogram::kBuckets; ++bucket)
      if (const std::uint64_t count = read(counts_[bucket]))
        visit(FineHistogram::lower_edge(bucket), FineHistogram::upper_edge(bucket), count);
  }

 private:
  static std::uint64_t read(const std::uint64_t& place) noexcept {
    // relaxed: see above; atomic_ref has no const form
    return std::atomic_ref{const_cast<std::uint64_t&>(place)}.load(std::memory_order_relaxed);
  }
  static void raise(std::uint64_t& place, std::uint64_t value) noexcept;

  // Looked at for every gap and hardly ever written; apart from what is always written.
  alignas(kCacheLine) std::uint64_t largest_;
  std::uint64_t smallest_inverted_;  // ~smallest, so that zero stands for none
  alignas(kCacheLine) std::uint64_t counts_[FineHistogram::kBuckets];
};

/// Each row's instants in ascending order, one row after the other.
struct TokenTable {
  std::vector<std::uint64_t> begins;  // where a row's instants begin; one more: where the last one's end
  std::vector<std::int64_t> at;
};

/// Rows and instants, appended in the order in which they came. Memory comes with the first write.
///
/// Thread safety: append() and withdraw() on any thread of any process that shares it; the rest by the one that made
/// it. Memory ordering: an instant that is not 0 comes after its row (release; by_row() acquires). Wait-free: one
/// addition places an event. One whose process died in between has no instant, and is none.
class TokenLog {
 public:
  static constexpr std::size_t kLargest = std::size_t{1} << 38;
  static constexpr std::size_t kSmallest = std::size_t{1} << 22;

  /// `largest` bytes, halved until the system grants them. Throws Error{OutOfMemory} when that are less than kSmallest.
  explicit TokenLog(Ranges& ranges, std::size_t largest = kLargest);

  /// False: no room is left, or close() came first.
  bool append(std::uint64_t row, std::int64_t stamp) noexcept;
  /// What the row got until now does not count: it is handed out again.
  bool withdraw(std::uint64_t row) noexcept { return append(row, kWithdrawn); }
  /// No more events; gives back the addresses behind them.
  void close() noexcept;

  /// After close(). `place` says where a row stands in the table; `n_rows` or more: its events are left out.
  template <typename Place>
  [[nodiscard]] TokenTable by_row(std::uint64_t n_rows, Place place) const {
    TokenTable table;
    table.begins.resize(n_rows + 1);
    for_each([&](std::uint64_t row, std::int64_t) {
      if (const std::uint64_t to = place(row); to < n_rows) ++table.begins[to + 1];
    });
    for (std::uint64_t row = 0; row < n_rows; ++row) table.begins[row + 1] += table.begins[row];
    table.at.resize(table.begins.back());
    std::vector<std::uint64_t> next{table.begins.begin(), table.begins.end() - 1};
    for_each([&](std::uint64_t row, std::int64_t stamp) {
      if (const std::uint64_t to = place(row); to < n_rows) table.at[next[to]++] = stamp;
    });
    sort_rows(table);
    return table;
  }
  /// After close(): gives the memory back, and with it all events.
  void forget() noexcept;

 private:
  static constexpr std::int64_t kWithdrawn = -1;

  struct Event {
    std::uint64_t row;
    std::int64_t stamp;  // 0: not written, or not yet
  };
  struct State {
    std::atomic<std::uint64_t> end{0};  // in events
  };
  [[nodiscard]] Event* events() const noexcept { return reinterpret_cast<Event*>(range_.data()); }
  /// Rows that were withdrawn, each with how many events came before that.
  [[nodiscard]] std::unordered_map<std::uint64_t, std::uint64_t> withdrawn() const;
  /// The stamp of an event, by which it is known to be whole.
  [[nodiscard]] std::int64_t stamp_of(std::uint64_t position) const noexcept {
    // acquire: pairs with append()
    return std::atomic_ref{events()[position].stamp}.load(std::memory_order_acquire);
  }
  static void sort_rows(TokenTable& table);

  /// Calls visit(row, stamp) for the events that count.
  template <typename Visit>
  void for_each(Visit visit) const {
    const auto gone = withdrawn();
    for (std::uint64_t position = 0; position < n_events_; ++position) {
      const std::int64_t stamp = stamp_of(position);
      if (stamp <= 0) continue;
      const std::uint64_t row = events()[position].row;
      if (!gone.empty()) {
        const auto found = gone.find(row);
        if (found != gone.end() && position < found->second) continue;
      }
      visit(row, stamp);
    }
  }

  SharedObject<State> state_;
  ReservedRange range_;
  std::uint64_t room_;          // in events; append() looks at it while close() gives back what is not used
  std::uint64_t n_events_ = 0;  // since close()
};

/// What a record knows of its rows' tokens. A row lies at a place of its columns; in a ring it is not the row's number.
///
/// Thread safety: first() and further() on any thread of any process that shares it; forget() and withdraw() on a row
///   that is not answered meanwhile; columns are the record's.
/// Memory ordering: none; a row's completion publishes them.
/// Lock-free. Cost of a further token: 14 ns, of which its gap is 8; 27 ns where instants are kept.
class TokenTimes {
 public:
  /// `logs`: every instant is kept. Throws Error{OutOfMemory}.
  TokenTimes(bool logs, Ranges& ranges);

  /// Stamps the first token, which counts as one. Returns what was wrong with it.
  std::optional<Violation> first(std::uint64_t row, std::uint64_t place, std::int64_t stamp) noexcept;
  /// Counts `n` tokens, at least 1, that came together; stamps the first one if nothing did.
  std::optional<Violation> further(std::uint64_t row, std::uint64_t place, std::int64_t stamp, std::int64_t n) noexcept;
  /// As many tokens as an answer says.
  void set_count(std::uint64_t place, std::int64_t n) noexcept;
  /// Makes a row's place that of one without tokens. The gaps stay counted.
  void forget(std::uint64_t place) noexcept;
  /// The same for a row that is handed out again; its instants are kept no more.
  void withdraw(std::uint64_t row, std::uint64_t place) noexcept;
  void close() noexcept {
    if (log_) log_->close();
  }

  // relaxed, both: published by the row's completion
  [[nodiscard]] std::int64_t first_at(std::uint64_t place) const noexcept {
    return std::atomic_ref{first_[place]}.load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint32_t count_at(std::uint64_t place) const noexcept {
    return std::atomic_ref{count_[place]}.load(std::memory_order_relaxed);
  }
  [[nodiscard]] TokenGaps& gaps() noexcept { return *gaps_; }
  /// Null where no instants are kept.
  [[nodiscard]] TokenLog* log() noexcept { return log_ ? &*log_ : nullptr; }

  /// `make` makes a column of the record's, or says that there is no room.
  template <typename Make>
  bool make_columns(Make make) {
    return make(first_) && make(latest_) && make(count_);
  }
  [[nodiscard]] const std::int64_t* first_column() const noexcept { return first_; }
  [[nodiscard]] std::uint32_t* count_column() const noexcept { return count_; }

 private:
  /// The time since the row's latest token, of one that came now; 0 where another thread's came later.
  std::uint64_t gap(std::uint64_t place, std::int64_t first, std::int64_t stamp) noexcept;
  void count(std::uint64_t place, std::int64_t n) noexcept;
  std::optional<Violation> keep(std::uint64_t row, std::int64_t stamp) noexcept;

  std::int64_t* first_ = nullptr;   // absolute ns; 0: none came
  std::int64_t* latest_ = nullptr;  // of the tokens after the first; 0: none came
  std::uint32_t* count_ = nullptr;
  SharedObject<TokenGaps> gaps_;
  std::optional<TokenLog> log_;
};

}  // namespace loadgen
