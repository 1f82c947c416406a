// SPDX-License-Identifier: Apache-2.0
#include "native/api.hpp"

#include <algorithm>
#include <limits>
#include <span>

#include "native/run_handle.hpp"

namespace loadgen {

namespace {

// Calls `answer` with the rows of those ids that are this run's, and returns what C is to be told: `answer` says
// whether all went well. Ids that were never issued are one violation: it says as much as 2^64 of them.
template <typename Answering>
int for_rows(Record& record, std::uint64_t first_id, std::uint64_t count, Answering answer) {
  const std::uint64_t first = first_id - record.id_of(0);
  const std::uint64_t part = record.part_of(first);
  const std::uint64_t head = part < record.parts() ? record.head(static_cast<std::uint32_t>(part)) : 0;
  const std::uint64_t known = first < head ? std::min(count, head - first) : 0;
  bool well = known == count;
  if (!well) record.violations().add(Violation::ForeignId, first_id + known);
  if (known > 0 && !answer(RowRange{first, known})) well = false;
  return well ? LOADGEN_OK : LOADGEN_E_ID;
}

// What every function begins with: the instant, then the run.
class Caller {
 public:
  explicit Caller(loadgen_run& handle) noexcept : at_{Clock{}.now()}, visit_{handle} {
    if (run() != nullptr && run()->record().clock().virtual_clock() != nullptr) at_ = run()->record().clock().now();
  }
  [[nodiscard]] Run* run() const noexcept { return visit_.run(); }
  [[nodiscard]] Instant at() const noexcept { return at_; }

 private:
  Instant at_;
  loadgen_run::Visit visit_;
};

int complete(loadgen_run* handle, std::uint64_t first_id, std::uint64_t count) {
  if (handle == nullptr) return LOADGEN_E_NULL;
  const Caller caller{*handle};
  if (caller.run() == nullptr) return LOADGEN_E_ENDED;
  Record& record = caller.run()->record();
  return for_rows(record, first_id, count,
                  [&](RowRange rows) { return record.complete(rows, caller.at(), Answer{}) == rows.count; });
}

int complete_ids(loadgen_run* handle, const std::uint64_t* ids, std::size_t n) {
  if (handle == nullptr || (ids == nullptr && n > 0)) return LOADGEN_E_NULL;
  const Caller caller{*handle};
  if (caller.run() == nullptr) return LOADGEN_E_ENDED;
  Record& record = caller.run()->record();
  std::uint64_t answered = 0;
  for (const std::uint64_t id : std::span{ids, n}) {
    if (const auto row = record.find(id)) answered += record.complete({*row, 1}, caller.at(), Answer{});
  }
  return answered == n ? LOADGEN_OK : LOADGEN_E_ID;
}

int answer(loadgen_run* handle, const loadgen_answer* given) {
  if (handle == nullptr || given == nullptr) return LOADGEN_E_NULL;
  const Caller caller{*handle};
  if (caller.run() == nullptr) return LOADGEN_E_ENDED;
  if (given->struct_size < sizeof(loadgen_answer) || given->size > std::numeric_limits<std::uint32_t>::max())
    return LOADGEN_E_ARGUMENT;
  if (given->data == nullptr && given->size > 0) return LOADGEN_E_NULL;
  Record& record = caller.run()->record();
  const auto row = record.find(given->id);
  if (!row) return LOADGEN_E_ID;
  static constexpr std::uint16_t kBytes = 0;
  const std::span bytes{static_cast<const std::byte*>(given->data), given->size};
  Answer answer;
  if (given->n_tokens != 0) answer.n_tokens = {&given->n_tokens, 1};
  if (record.keeps_output(*row) && bytes.data() != nullptr) {
    answer.kinds = {&kBytes, 1};
    answer.outputs = {&bytes, 1};
    caller.run()->wait_for_room(bytes.size());
  }
  return record.complete({*row, 1}, caller.at(), answer) == 1 ? LOADGEN_OK : LOADGEN_E_ID;
}

int first_token(loadgen_run* handle, std::uint64_t first_id, std::uint64_t count) {
  if (handle == nullptr) return LOADGEN_E_NULL;
  const Caller caller{*handle};
  if (caller.run() == nullptr) return LOADGEN_E_ENDED;
  Record& record = caller.run()->record();
  return for_rows(record, first_id, count, [&](RowRange rows) { return record.first_token(rows, caller.at()); });
}

int tokens(loadgen_run* handle, std::uint64_t first_id, std::uint64_t count, std::uint32_t n) {
  if (handle == nullptr) return LOADGEN_E_NULL;
  const Caller caller{*handle};
  if (caller.run() == nullptr) return LOADGEN_E_ENDED;
  if (n == 0) return LOADGEN_E_ARGUMENT;
  Record& record = caller.run()->record();
  return for_rows(record, first_id, count, [&](RowRange rows) { return record.add_tokens(rows, caller.at(), n); });
}

int fail(loadgen_run* handle, std::uint64_t first_id, std::uint64_t count, const char* kind, const char* message) {
  if (handle == nullptr) return LOADGEN_E_NULL;
  const Caller caller{*handle};
  if (caller.run() == nullptr) return LOADGEN_E_ENDED;
  Record& record = caller.run()->record();
  Answer answer;
  answer.status = kFailed;
  std::uint64_t failed = 0;
  const int outcome = for_rows(record, first_id, count, [&](RowRange rows) {
    const std::uint64_t done = record.complete(rows, caller.at(), answer);
    failed += done;
    return done == rows.count;
  });
  if (failed > 0) record.failures().add(kind == nullptr ? "error" : kind, message == nullptr ? "" : message, failed);
  return outcome;
}

int abort_run(loadgen_run* handle, const char* reason) {
  if (handle == nullptr) return LOADGEN_E_NULL;
  const loadgen_run::Visit visit{*handle};
  if (visit.run() == nullptr) return LOADGEN_E_ENDED;
  handle->keep_abort_reason(reason == nullptr ? "" : reason);
  visit.run()->abort();
  return LOADGEN_OK;
}

std::int64_t now_ns(loadgen_run* handle) {
  if (handle == nullptr) return 0;
  const loadgen_run::Visit visit{*handle};
  return visit.run() == nullptr ? 0 : to_stamp(visit.run()->record().clock().now());
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
