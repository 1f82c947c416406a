// SPDX-License-Identifier: Apache-2.0
#include "record/record.hpp"

#include <algorithm>
#include <bit>
#include <memory>
#include <thread>
#include <utility>

#include "base/error.hpp"

namespace loadgen {

namespace {

constexpr std::uint64_t kFewestRows = 1 << 20;
// Between claiming a row and answering it, a copy of bytes; a process that takes longer is thought dead.
constexpr Duration kPatience = std::chrono::seconds{1};

}  // namespace

Record::Record(const RecordSettings& settings, const Clock& clock, Ranges& ranges)
    : settings_{settings},
      clock_{clock},
      head_range_{ranges.reserve(settings.parts * sizeof(Head))},
      state_{ranges, ranges.shared() ? FutexScope::Machine : FutexScope::Process} {
  if (!head_range_) throw Error{ErrorCode::OutOfMemory};
  rows_ = settings.ring_rows > 0 ? settings.ring_rows : settings.max_rows;
  const std::size_t before = ranges.count();
  while (!reserve(rows_, ranges)) {
    ranges.rewind(before);
    rows_ /= 2;
    if (rows_ < kFewestRows || settings.ring_rows > 0 || ranges.attaches()) throw Error{ErrorCode::OutOfMemory};
  }
  part_rows_ = settings.ring_rows > 0 ? std::uint64_t{1} << kRowBits : rows_;
  if (settings.parts > 1) {
    part_bits_ = static_cast<unsigned>(std::bit_width(rows_ / settings.parts)) - 1;
    part_rows_ = std::uint64_t{1} << part_bits_;
  }
  heads_ = reinterpret_cast<Head*>(head_range_.data());
  // Also the first part's 0: the system finds a page for it now, not after the first query's stamp.
  for (std::uint32_t part = 0; part < settings.parts && !ranges.attaches(); ++part)
    heads_[part].row.store(part_begin(part), std::memory_order_relaxed);  // relaxed: nobody else is there yet
}

// The ranges are no more than a way to the memory: they are gone when it is there.
Record::Record(const RecordSettings& settings, const Clock& clock)
    : Record{settings, clock, *std::make_unique<Ranges>()} {}

template <typename T>
T* Record::reserve_column(std::uint64_t rows, Ranges& ranges) {
  ReservedRange& range = columns_[n_columns_];
  range = ranges.reserve(rows * sizeof(T));
  width_[n_columns_] = sizeof(T);
  if (range) ++n_columns_;
  return reinterpret_cast<T*>(range.data());
}

bool Record::reserve(std::uint64_t rows, Ranges& ranges) {
  n_columns_ = 0;
  std::ranges::generate(columns_, [] { return ReservedRange{}; });
  const auto column = [&]<typename T>(T*& place) { return (place = reserve_column<T>(rows, ranges)) != nullptr; };
  // First, since columns may be short, and answers lost for want of room may not.
  try {
    if (settings_.keep_outputs != KeepOutputs::None) payload_.emplace(rows, ranges, settings_.recycle_outputs);
    if (settings_.tokens) tokens_.emplace(settings_.token_times, ranges);
  } catch (const Error&) {
    return false;
  }
  if (!column(index_) || !column(completed_) || !column(status_)) return false;
  if (settings_.instants != InstantColumns::None && !column(issued_)) return false;
  if (settings_.instants == InstantColumns::ScheduledAndIssued && !column(scheduled_)) return false;
  if (tokens_ && !tokens_->make_columns(column)) return false;
  if (settings_.keep_outputs == KeepOutputs::Chosen && !column(keep_)) return false;
  return !ranges.shared() || column(taker_);
}

std::optional<std::uint64_t> Record::find(std::uint64_t id) noexcept {
  const std::uint64_t row = id & ((std::uint64_t{1} << kRowBits) - 1);
  if (id >> kRowBits == settings_.tag && row < head_of(row)) return row;
  state_->violations.add(Violation::ForeignId, id);
  return std::nullopt;
}

std::uint64_t Record::first_open(std::uint64_t from, std::uint64_t to) const noexcept {
  while (from < to && is_done(from)) ++from;
  return from;
}

std::uint64_t Record::complete(RowRange rows, Instant at, const Answer& answer) noexcept {
  const std::int64_t stamp = to_stamp(at);
  const bool plain = answer.plain();
  std::uint64_t answered = 0;
  for (std::uint64_t position = 0; position < rows.count; ++position) {
    const std::uint64_t row = rows.first + position;
    std::int64_t found = open_mark(row);
    // seq_cst on success: pairs with is_done() and, for the sleeper, with CompletionSignal::arm();
    // relaxed on failure: only the kind of refusal is read
    if (!completed(row).compare_exchange_strong(found, plain ? stamp : kClaimed, std::memory_order_seq_cst,
                                                std::memory_order_relaxed)) {
      count_refused(row, found);
      continue;
    }
    if (!plain) complete_with(row, position, stamp, answer);
    ++answered;
  }
  state_->signal.completed(rows.first, rows.count);
  return answered;
}

void Record::complete_with(std::uint64_t row, std::size_t position, std::int64_t stamp, const Answer& answer) noexcept {
  if (answer.status != kOk) status_[slot(row)] = answer.status;
  if (!answer.n_tokens.empty() && tokens_) {
    const std::int64_t n = answer.n_tokens[position];
    if (n <= 0)
      state_->violations.add(n < 0 ? Violation::NegativeTokenCount : Violation::InvalidTokenCount, id_of(row));
    tokens_->set_count(slot(row), n);
  }
  if (payload_ && !answer.outputs.empty() && keeps_output(row) && answer.outputs[position].data() != nullptr) {
    if (!payload_->append(row, answer.kinds[position], answer.outputs[position]))
      state_->violations.add(Violation::OutputNotKept, id_of(row));
  }
  // seq_cst: pairs with is_done() and CompletionSignal::arm(). The claim is gone where the run ended, or another
  // process was thought to be, in between: then this answer came too late.
  std::int64_t claim = kClaimed;
  completed(row).compare_exchange_strong(claim, stamp, std::memory_order_seq_cst, std::memory_order_relaxed);
}

std::uint64_t Record::fail(RowRange rows, Instant at, std::string_view kind, std::string_view message) {
  Answer answer;
  answer.status = kFailed;
  const std::uint64_t failed = complete(rows, at, answer);
  if (failed > 0) state_->failures.add(kind, message, failed);
  return failed;
}

void Record::fail_open(RowRange rows, Instant at, std::string_view kind, std::string_view message) {
  for (std::uint64_t row = rows.first; row < rows.first + rows.count; ++row) {
    if (!is_done(row)) fail({row, 1}, at, kind, message);
  }
}

void Record::count_refused(std::uint64_t row, std::int64_t found) noexcept {
  state_->violations.add(found == kClosed ? Violation::Late : Violation::Repeated, id_of(row));
}

template <typename Take>
bool Record::take_tokens(RowRange rows, Violation late, Take take) noexcept {
  bool well = true;
  for (std::uint64_t row = rows.first; row < rows.first + rows.count; ++row) {
    std::optional<Violation> wrong = late;
    // acquire: pairs with complete()
    if (completed(row).load(std::memory_order_acquire) == open_mark(row)) wrong = take(row, slot(row));
    if (!wrong) continue;
    state_->violations.add(*wrong, id_of(row));
    well = false;
  }
  return well;
}

bool Record::first_token(RowRange rows, Instant at) noexcept {
  if (!tokens_) return true;
  return take_tokens(rows, Violation::FirstTokenLate,
                     [&](std::uint64_t row, std::uint64_t place) { return tokens_->first(row, place, to_stamp(at)); });
}

bool Record::add_tokens(RowRange rows, Instant at, std::int64_t n) noexcept {
  if (!tokens_) return true;
  const Violation late = n > 0 ? Violation::TokenLate : Violation::InvalidTokenCount;
  return take_tokens(rows, late, [&](std::uint64_t row, std::uint64_t place) -> std::optional<Violation> {
    if (n <= 0) return Violation::InvalidTokenCount;
    return tokens_->further(row, place, to_stamp(at), n);
  });
}

bool Record::keeps_output(std::uint64_t row) const noexcept {
  return settings_.keep_outputs == KeepOutputs::All ||
         (settings_.keep_outputs == KeepOutputs::Chosen && keep_[row] != 0);
}

bool Record::keeps_output(RowRange rows) const noexcept {
  if (settings_.keep_outputs != KeepOutputs::Chosen) return settings_.keep_outputs == KeepOutputs::All;
  return std::any_of(keep_ + rows.first, keep_ + rows.first + rows.count, [](std::uint8_t keep) { return keep != 0; });
}

bool Record::close_row(std::uint64_t row) noexcept {
  std::int64_t found = open_mark(row);
  // acq_rel on success: later attempts to answer see the mark; acquire on failure: pairs with complete()
  if (completed(row).compare_exchange_strong(found, kClosed, std::memory_order_acq_rel, std::memory_order_acquire)) {
    status_[slot(row)] = kMissing;
    return true;
  }
  return found == kClaimed && !await_claim(row) && close_row(row);
}

bool Record::await_claim(std::uint64_t row) noexcept {
  const Instant patience = clock_.now() + kPatience;
  std::int64_t found = kClaimed;
  while (found == kClaimed) {
    std::this_thread::yield();
    found = completed(row).load(std::memory_order_acquire);  // acquire: pairs with complete_with()
    if (shared() && found == kClaimed && clock_.now() > patience)
      // relaxed: whoever takes the row next is ordered by that
      completed(row).compare_exchange_strong(found, open_mark(row), std::memory_order_relaxed);
  }
  return found > 0;
}

bool Record::release_from(std::uint64_t row, std::uint16_t taker) noexcept {
  if (taker_of(row) != taker) return false;
  // Claimed while it is cleared: an answer by id comes before, or too late. acq_rel, acquire: pairs with complete()
  std::int64_t found = open_mark(row);
  while (
      !completed(row).compare_exchange_strong(found, kClaimed, std::memory_order_acq_rel, std::memory_order_acquire)) {
    if (found != kClaimed || await_claim(row)) return false;
    found = open_mark(row);
  }
  if (tokens_) tokens_->withdraw(row, row);
  status_[row] = kOk;
  completed(row).store(open_mark(row), std::memory_order_release);         // release: pairs with complete()
  std::atomic_ref{taker_[row]}.store(kNobody, std::memory_order_release);  // release: pairs with claim()
  state_->violations.add(Violation::Redelivered, id_of(row));
  return true;
}

bool Record::is_open(std::uint64_t row) noexcept {
  const std::int64_t found = completed(row).load(std::memory_order_acquire);  // acquire: pairs with complete()
  return found == open_mark(row) || (found == kClaimed && !await_claim(row));
}

RowView Record::seal(std::uint64_t row) noexcept {
  close_row(row);
  const std::uint64_t place = slot(row);
  RowView view;
  view.status = static_cast<RowStatus>(status_[place]);
  if (issued_ != nullptr) view.issued = view.scheduled = from_stamp(issued_[place]);
  if (scheduled_ != nullptr) view.scheduled = from_stamp(scheduled_[place]);
  view.completed = completed_at(row);
  if (tokens_) {
    view.first_token = from_stamp(tokens_->first_at(place));
    view.n_tokens = tokens_->count_at(place);
  }
  return view;
}

void Record::reopen(RowRange rows) noexcept {
  for (std::uint64_t row = rows.first; row < rows.first + rows.count; ++row) {
    const std::uint64_t place = slot(row);
    status_[place] = kOk;
    if (tokens_) tokens_->forget(place);
    completed(row).store(open_mark(row), std::memory_order_release);  // release: pairs with complete()
  }
}

void Record::close(std::uint64_t from) noexcept {
  std::uint64_t end = 0;
  for (std::uint32_t part = 0; part < settings_.parts; ++part) {
    for (std::uint64_t row = std::max(from, part_begin(part)); row < head(part); ++row) close_row(row);
    if (head(part) > part_begin(part)) end = head(part);
  }
  const std::uint64_t used = settings_.ring_rows == 0 ? end : settings_.ring_rows;
  // Results outlive their runs: addresses that are reserved and not used would keep later runs from theirs.
  for (std::size_t column = 0; column < n_columns_; ++column) columns_[column].shrink(used * width_[column]);
  if (payload_) payload_->shrink(end);
  if (tokens_) tokens_->close();
}

}  // namespace loadgen
