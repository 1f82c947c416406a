// SPDX-License-Identifier: Apache-2.0
#include "native/api.hpp"

#include <algorithm>
#include <limits>
#include <span>
#include <string_view>

#include "native/run_handle.hpp"

namespace loadgen {

namespace {

// What every function begins with: the instant, then the run.
class Caller {
 public:
  explicit Caller(loadgen_run& handle) noexcept : at_{Clock{}.now()}, visit_{handle} {
    if (run() != nullptr && record().clock().virtual_clock() != nullptr) at_ = record().clock().now();
  }
  /// Null: the run is over, and its record gone.
  [[nodiscard]] Run* run() const noexcept { return visit_.run(); }
  [[nodiscard]] Record& record() const noexcept { return run()->record(); }
  [[nodiscard]] Instant at() const noexcept { return at_; }

  /// What C is told. A record that is still there counts late answers.
  [[nodiscard]] int outcome(bool well) const noexcept {
    if (well) [[likely]]
      return LOADGEN_OK;
    return run()->closed() ? LOADGEN_E_ENDED : LOADGEN_E_ID;
  }

  /// Calls `answer` with the rows of those ids that are this run's: it says whether all went well. Ids that were never
  /// issued are one violation: it says as much as 2^64 of them.
  template <typename Answering>
  [[nodiscard]] int for_rows(std::uint64_t first_id, std::uint64_t count, Answering answer) const {
    const std::uint64_t first = first_id - record().id_of(0);
    const std::uint64_t head = record().head_of(first);
    const std::uint64_t known = first < head ? std::min(count, head - first) : 0;
    bool well = known == count;
    if (!well) record().violations().add(Violation::ForeignId, first_id + known);
    if (known > 0 && !answer(RowRange{first, known})) well = false;
    return outcome(well);
  }

 private:
  Instant at_;
  loadgen_run::Visit visit_;
};

// None of these throws; where there is no memory for a text, the process ends.

int complete(loadgen_run* handle, std::uint64_t first_id, std::uint64_t count) noexcept {
  if (handle == nullptr) return LOADGEN_E_NULL;
  const Caller caller{*handle};
  if (caller.run() == nullptr) return LOADGEN_E_ENDED;
  return caller.for_rows(first_id, count, [&](RowRange rows) {
    return caller.record().complete(rows, caller.at(), Answer{}) == rows.count;
  });
}

int complete_ids(loadgen_run* handle, const std::uint64_t* ids, std::size_t n) noexcept {
  if (handle == nullptr || (ids == nullptr && n > 0)) return LOADGEN_E_NULL;
  const Caller caller{*handle};
  if (caller.run() == nullptr) return LOADGEN_E_ENDED;
  std::uint64_t answered = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (const auto row = caller.record().find(ids[i]))
      answered += caller.record().complete({*row, 1}, caller.at(), Answer{});
  }
  return caller.outcome(answered == n);
}

int answer(loadgen_run* handle, const loadgen_answer* given) noexcept {
  if (handle == nullptr || given == nullptr) return LOADGEN_E_NULL;
  const Caller caller{*handle};
  if (given->struct_size < sizeof(loadgen_answer) || given->reserved != 0 ||
      given->size > std::numeric_limits<std::uint32_t>::max())
    return LOADGEN_E_ARGUMENT;
  if (given->data == nullptr && given->size > 0) return LOADGEN_E_NULL;
  if (caller.run() == nullptr) return LOADGEN_E_ENDED;
  Record& record = caller.record();
  const auto row = record.find(given->id);
  if (!row) return caller.outcome(false);
  static constexpr std::uint16_t kBytes = 0;
  const std::span bytes{static_cast<const std::byte*>(given->data), given->size};
  Answer answer;
  if (given->n_tokens != 0) answer.n_tokens = {&given->n_tokens, 1};
  if (record.keeps_output(*row) && bytes.data() != nullptr) {
    answer.kinds = {&kBytes, 1};
    answer.outputs = {&bytes, 1};
    caller.run()->wait_for_room(bytes.size());
  }
  return caller.outcome(record.complete({*row, 1}, caller.at(), answer) == 1);
}

int first_token(loadgen_run* handle, std::uint64_t first_id, std::uint64_t count) noexcept {
  if (handle == nullptr) return LOADGEN_E_NULL;
  const Caller caller{*handle};
  if (caller.run() == nullptr) return LOADGEN_E_ENDED;
  return caller.for_rows(first_id, count,
                         [&](RowRange rows) { return caller.record().first_token(rows, caller.at()); });
}

int tokens(loadgen_run* handle, std::uint64_t first_id, std::uint64_t count, std::uint32_t n) noexcept {
  if (handle == nullptr) return LOADGEN_E_NULL;
  if (n == 0) return LOADGEN_E_ARGUMENT;
  const Caller caller{*handle};
  if (caller.run() == nullptr) return LOADGEN_E_ENDED;
  return caller.for_rows(first_id, count,
                         [&](RowRange rows) { return caller.record().add_tokens(rows, caller.at(), n); });
}

int fail(loadgen_run* handle, std::uint64_t first_id, std::uint64_t count, const char* kind,
         const char* message) noexcept {
  if (handle == nullptr) return LOADGEN_E_NULL;
  const Caller caller{*handle};
  if (caller.run() == nullptr) return LOADGEN_E_ENDED;
  const std::string_view kept_kind = kind == nullptr ? "error" : kind;
  const std::string_view kept_message = message == nullptr ? "" : message;
  return caller.for_rows(first_id, count, [&](RowRange rows) {
    return caller.record().fail(rows, caller.at(), kept_kind, kept_message) == rows.count;
  });
}

int abort_run(loadgen_run* handle, const char* reason) noexcept {
  if (handle == nullptr) return LOADGEN_E_NULL;
  const loadgen_run::Visit visit{*handle};
  if (visit.run() == nullptr || visit.run()->closed()) return LOADGEN_E_ENDED;
  handle->keep_abort_reason(reason == nullptr ? "" : reason);
  visit.run()->abort();
  return LOADGEN_OK;
}

std::int64_t now_ns(loadgen_run* handle) noexcept {
  if (handle == nullptr) return 0;
  const loadgen_run::Visit visit{*handle};
  return visit.run() == nullptr || visit.run()->closed() ? 0 : to_stamp(visit.run()->record().clock().now());
}

constexpr loadgen_api kApi{sizeof(loadgen_api),
                           LOADGEN_ABI_VERSION,
                           &complete,
                           &complete_ids,
                           &answer,
                           &first_token,
                           &tokens,
                           &fail,
                           &abort_run,
                           &now_ns};

}  // namespace

const loadgen_api& native_api() noexcept { return kApi; }

}  // namespace loadgen
