// SPDX-License-Identifier: Apache-2.0
// Answers by id, for SUTs that keep ids and not batches. The clock is read before anything is converted.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "answers.hpp"
#include "bindings.hpp"
#include "engine.hpp"

namespace loadgen::bindings {

namespace {

using namespace pybind11::literals;

std::uint64_t id_of(PyObject* object) {
  const py::object number = py::reinterpret_steal<py::object>(PyNumber_Index(object));
  if (!number) throw py::error_already_set();
  const unsigned long long id = PyLong_AsUnsignedLongLong(number.ptr());
  if (PyErr_Occurred() == nullptr) return id;
  if (PyErr_ExceptionMatches(PyExc_OverflowError) == 0) throw py::error_already_set();
  PyErr_Clear();
  return 0;  // negative or above 64 bits: an id of no run, counted as foreign
}

std::vector<std::uint64_t> ids_of(const py::object& ids) {
  if (py::isinstance<py::array>(ids)) {
    const auto array = py::cast<py::array>(ids);
    if (array.dtype().kind() != 'u' && array.dtype().kind() != 'i')
      throw py::type_error("ids must be integers, got an array of " + std::string(py::str(array.dtype())));
    const auto flat = py::array_t<std::uint64_t, py::array::c_style | py::array::forcecast>::ensure(array);
    if (!flat) throw py::error_already_set();
    return {flat.data(), flat.data() + flat.size()};
  }
  if (PyIndex_Check(ids.ptr()) != 0) return {id_of(ids.ptr())};
  std::vector<std::uint64_t> values;
  for (const py::handle id : py::cast<py::sequence>(ids)) values.push_back(id_of(id.ptr()));
  return values;
}

// Calls work(rows, position) for each run of consecutive rows among the ids; ids that are none of the run's are
// counted and left out.
template <typename Work>
void for_each_range(Engine& engine, const std::vector<std::uint64_t>& ids, Work work) {
  RowRange rows;
  std::size_t position = 0;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto row = engine.record().find(ids[i]);
    if (row && rows.count > 0 && *row == rows.first + rows.count) {
      ++rows.count;
      continue;
    }
    if (rows.count > 0) work(rows, position);
    rows = row ? RowRange{*row, 1} : RowRange{};
    position = i;
  }
  if (rows.count > 0) work(rows, position);
}

void complete(Engine& engine, const py::object& ids, const py::object& outputs, const py::object& n_tokens) {
  const Instant at = engine.record().clock().now();
  engine.require_usable();
  const std::vector<std::uint64_t> values = ids_of(ids);
  std::vector<std::pair<RowRange, std::size_t>> ranges;
  bool keep = false;
  for_each_range(engine, values, [&](RowRange rows, std::size_t position) {
    ranges.emplace_back(rows, position);
    keep = keep || engine.keeps_output(rows);
  });
  // All or nothing: what does not fit is refused before any row is answered.
  PreparedAnswer answer;
  if (!answer.prepare(engine.settings().encode, outputs.ptr(), n_tokens.ptr(), values.size(), keep))
    throw py::error_already_set();
  for (const auto& [rows, position] : ranges) engine.complete_prepared(rows, at, answer, position);
}

void first_token(Engine& engine, const py::object& ids) {
  const Instant at = engine.record().clock().now();
  engine.require_usable();
  for_each_range(engine, ids_of(ids), [&](RowRange rows, std::size_t) { engine.record().first_token(rows, at); });
}

void token(Engine& engine, const py::object& ids, std::int64_t n) {
  const Instant at = engine.record().clock().now();
  engine.require_usable();
  for_each_range(engine, ids_of(ids), [&](RowRange rows, std::size_t) { engine.record().add_tokens(rows, at, n); });
}

void fail(Engine& engine, const py::object& ids, const std::string& kind, const std::string& message) {
  const Instant at = engine.record().clock().now();
  engine.require_usable();
  for_each_range(engine, ids_of(ids),
                 [&](RowRange rows, std::size_t) { engine.record().fail(rows, at, kind, message); });
}

}  // namespace

void bind_answers(py::class_<Engine>& engine) {
  engine.def("complete", &complete, "ids"_a, "outputs"_a = py::none(), "n_tokens"_a = py::none());
  engine.def("first_token", &first_token, "ids"_a);
  engine.def("token", &token, "ids"_a, "n"_a = 1);
  engine.def("fail", &fail, "ids"_a, "kind"_a = "error", "message"_a = "");
}

}  // namespace loadgen::bindings
