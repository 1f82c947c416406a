// SPDX-License-Identifier: Apache-2.0
// Answers by id, for SUTs that keep ids and not batches. The clock is read before anything is converted.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstdint>
#include <string>
#include <vector>

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

py::object part_of(const py::object& sequence, std::size_t position, std::uint64_t count, std::size_t n) {
  if (sequence.is_none() || (position == 0 && count == n) || py::isinstance<py::int_>(sequence)) return sequence;
  return sequence[py::slice(static_cast<py::ssize_t>(position), static_cast<py::ssize_t>(position + count), 1)];
}

void complete(Engine& engine, const py::object& ids, const py::object& outputs, const py::object& n_tokens) {
  const Instant at = engine.record().clock().now();
  engine.require_usable();
  const std::vector<std::uint64_t> values = ids_of(ids);
  if (!outputs.is_none() && py::len(outputs) != values.size())
    throw py::value_error(std::to_string(py::len(outputs)) + " outputs for " + std::to_string(values.size()) +
                          " ids: needs one an id");
  for_each_range(engine, values, [&](RowRange rows, std::size_t position) {
    const py::object part = part_of(outputs, position, rows.count, values.size());
    const py::object tokens = part_of(n_tokens, position, rows.count, values.size());
    if (!engine.complete(rows, at, part.ptr(), tokens.ptr())) throw py::error_already_set();
  });
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
                 [&](RowRange rows, std::size_t) { engine.fail(rows, at, kind, message, false); });
}

}  // namespace

void bind_answers(py::class_<Engine>& engine) {
  engine.def("complete", &complete, "ids"_a, "outputs"_a = py::none(), "n_tokens"_a = py::none());
  engine.def("first_token", &first_token, "ids"_a);
  engine.def("token", &token, "ids"_a, "n"_a = 1);
  engine.def("fail", &fail, "ids"_a, "kind"_a = "error", "message"_a = "");
}

}  // namespace loadgen::bindings
