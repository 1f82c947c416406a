// SPDX-License-Identifier: Apache-2.0
// Answers as MLPerf's API gives them: responses with addresses, and no handle of the run that they belong to. The
// clock is read before anything is converted.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "bindings.hpp"
#include "query_sample.hpp"

namespace loadgen::bindings {

namespace {

using namespace pybind11::literals;

// Runs by the tag of their ids; None where a run has ended. One look-up for ids of the same run in a row. Engines live
// as long as this.
class LiveRuns {
 public:
  explicit LiveRuns(const py::dict& engines) : engines_{engines} {}

  /// The run that an id belongs to. An id whose tag was never given is counted as foreign by a run that goes on. Null:
  /// the run has ended, or none goes on; the others are answered first, and then raise_if_late() is to be called.
  Engine* of(std::uint64_t id) {
    const std::uint16_t tag = tag_of(id);
    if (engine_ == nullptr || engine_->settings().run.record.tag != tag) {
      const py::handle given = run_of(tag);
      py::object found = given ? py::reinterpret_borrow<py::object>(given) : first();
      if (found.is_none()) {
        if (late_++ == 0) late_id_ = id;
        return nullptr;
      }
      used_.push_back(std::move(found));
      engine_ = &py::cast<Engine&>(used_.back());
      engine_->require_usable();
    }
    return engine_;
  }

  void raise_if_late() const {
    if (late_ == 0) return;
    const py::object error = py::module_::import("loadgen.errors").attr("LoadGenError");
    const char* what = run_of(tag_of(late_id_)) ? "the test has ended that gave" : "no test is running, and none gave";
    PyErr_Format(error.ptr(), "%s the id %llu%s", what, static_cast<unsigned long long>(late_id_),
                 late_ == 1 ? "" : ", and others");
    throw py::error_already_set();
  }

 private:
  static std::uint16_t tag_of(std::uint64_t id) noexcept { return static_cast<std::uint16_t>(id >> Record::kRowBits); }

  // Borrowed; null where the tag was never given.
  [[nodiscard]] py::handle run_of(std::uint16_t tag) const {
    return PyDict_GetItemWithError(engines_.ptr(), py::int_(tag).ptr());
  }

  [[nodiscard]] py::object first() const {
    for (const auto& [tag, engine] : engines_)
      if (!engine.is_none()) return py::reinterpret_borrow<py::object>(engine);
    return py::none();
  }

  const py::dict& engines_;
  std::vector<py::object> used_;  // a run may end, and be forgotten, while a callback runs or an answer waits
  Engine* engine_ = nullptr;
  std::uint64_t late_ = 0;
  std::uint64_t late_id_ = 0;
};

// A tuple of our own, all of it responses: what a callback does to the caller's list does not matter.
py::tuple checked(const py::object& responses) {
  if (PySequence_Check(responses.ptr()) == 0)
    throw py::type_error("responses must be a sequence of QuerySampleResponse, got " +
                         std::string(py::str(py::type::of(responses))));
  py::tuple tuple = py::reinterpret_steal<py::tuple>(PySequence_Tuple(responses.ptr()));
  if (!tuple) throw py::error_already_set();
  for (const py::handle each : tuple) {
    if (as_response(each.ptr()) == nullptr) throw py::error_already_set();
  }
  return tuple;
}

ResponseObject* response_at(const py::tuple& responses, std::size_t i) noexcept {
  return reinterpret_cast<ResponseObject*>(PyTuple_GET_ITEM(responses.ptr(), static_cast<Py_ssize_t>(i)));
}

std::span<const std::byte> bytes_of(const ResponseObject& response) {
  static constexpr std::byte kEmpty{};  // an empty answer is kept: its bytes need an address
  if (response.size == 0) return {&kEmpty, 0};
  if (response.data == 0)
    throw py::value_error("data = 0: needs the address of the answer's size = " + std::to_string(response.size) +
                          " bytes");
  return {reinterpret_cast<const std::byte*>(response.data), static_cast<std::size_t>(response.size)};
}

// Plain answers of consecutive rows, given together; the last of them when this ends, also where an error ends it.
class PlainAnswers {
 public:
  explicit PlainAnswers(Instant at) : at_{at} {}
  ~PlainAnswers() { give(); }
  PlainAnswers(const PlainAnswers&) = delete;
  PlainAnswers& operator=(const PlainAnswers&) = delete;
  void add(Engine& engine, std::uint64_t row) {
    if (engine_ == &engine && row == rows_.first + rows_.count) {
      ++rows_.count;
      return;
    }
    give();
    engine_ = &engine;
    rows_ = {row, 1};
  }
  void give() noexcept {
    if (rows_.count > 0) engine_->record().complete(rows_, at_, Answer{});
    rows_.count = 0;
  }

 private:
  Instant at_;
  Engine* engine_ = nullptr;
  RowRange rows_;
};

void complete_one(Engine& engine, std::uint64_t row, Instant at, const py::handle& object, const py::object& callback) {
  const auto& response = *reinterpret_cast<ResponseObject*>(object.ptr());
  static constexpr std::uint16_t kKind = 0;
  Answer answer;
  std::span<const std::byte> bytes;
  const bool keep = engine.record().keeps_output(row);
  if (keep) {
    if (!callback.is_none()) callback(object);
    bytes = bytes_of(response);
    answer.kinds = {&kKind, 1};
    answer.outputs = {&bytes, 1};
    engine.wait_for_room(bytes.size());
  }
  const std::int64_t n_tokens = response.n_tokens;
  const bool counts = engine.settings().run.record.tokens;
  if (counts) answer.n_tokens = {&n_tokens, 1};
  const bool first = engine.record().complete({row, 1}, at, answer) == 1;
  const bool odd = !std::in_range<std::uint32_t>(n_tokens);
  if (first && keep && counts && odd) engine.asked.odd_token_counts.emplace(row, n_tokens);
}

void complete_responses(const py::dict& engines, const py::object& responses, const py::object& callback) {
  const Instant at = Clock{}.now();
  const py::tuple all = checked(responses);
  if (all.empty()) return;
  LiveRuns live{engines};
  PlainAnswers plain{at};
  for (std::size_t i = 0; i < all.size(); ++i) {
    Engine* found = live.of(response_at(all, i)->id);
    if (found == nullptr) continue;
    Engine& engine = *found;
    const auto row = engine.record().find(response_at(all, i)->id);
    if (!row) continue;
    if (!engine.settings().run.record.tokens && !engine.record().keeps_output(*row)) {
      plain.add(engine, *row);
      continue;
    }
    plain.give();
    complete_one(engine, *row, at, all[i], callback);
  }
  live.raise_if_late();
}

// Where the record keeps no first tokens, repeated and late ones are counted all the same.
void count_wrong_first_token(Engine& engine, std::uint64_t row) {
  Record& record = engine.record();
  std::vector<bool>& came = engine.asked.first_token_came;
  if (row >= came.size()) came.resize(row + 1);
  if (record.is_done(row)) {
    record.violations().add(Violation::FirstTokenLate, record.id_of(row));
  } else if (came[row]) {
    record.violations().add(Violation::RepeatedFirstToken, record.id_of(row));
  }
  came[row] = true;
}

void first_token_responses(const py::dict& engines, const py::object& responses) {
  const Instant at = Clock{}.now();
  const py::tuple all = checked(responses);
  if (all.empty()) return;
  LiveRuns live{engines};
  for (std::size_t i = 0; i < all.size(); ++i) {
    const ResponseObject& response = *response_at(all, i);
    Engine* found = live.of(response.id);
    if (found == nullptr) continue;
    Engine& engine = *found;
    const auto row = engine.record().find(response.id);
    if (!row) continue;
    if (!engine.settings().run.record.tokens) {
      count_wrong_first_token(engine, *row);
      continue;
    }
    const bool logged = engine.settings().run.scenario != Scenario::Offline && engine.record().keeps_output(*row) &&
                        !engine.record().is_done(*row);
    engine.record().first_token({*row, 1}, at);
    if (!logged || engine.asked.first_tokens.contains(*row)) continue;
    const std::span<const std::byte> bytes = bytes_of(response);
    engine.asked.first_tokens.emplace(*row, std::string{reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
  live.raise_if_late();
}

}  // namespace

void bind_responses(py::module_& module) {
  module.def("complete_responses", &complete_responses, "engines"_a, "responses"_a, "callback"_a = py::none());
  module.def("first_token_responses", &first_token_responses, "engines"_a, "responses"_a);
}

}  // namespace loadgen::bindings
