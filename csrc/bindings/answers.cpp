// SPDX-License-Identifier: Apache-2.0
// From what a SUT passes as answers (sequences, arrays, numbers) to what the record takes.
#include <algorithm>
#include <limits>
#include <span>
#include <vector>

#include "engine.hpp"

namespace loadgen::bindings {

namespace {

// Holds the buffers of Python objects for as long as the core reads their bytes.
class Buffers {
 public:
  explicit Buffers(std::size_t n) { views_.reserve(n); }
  ~Buffers() {
    for (Py_buffer& view : views_) PyBuffer_Release(&view);
  }
  Buffers(const Buffers&) = delete;
  Buffers& operator=(const Buffers&) = delete;

  bool add(PyObject* object, std::span<const std::byte>& bytes) {
    static constexpr std::byte kEmpty{};  // an empty answer is kept: its bytes need an address
    Py_buffer view;
    if (PyObject_GetBuffer(object, &view, PyBUF_C_CONTIGUOUS) != 0) return false;
    views_.push_back(view);
    const auto* data = static_cast<const std::byte*>(view.buf);
    bytes = {view.len > 0 ? data : &kEmpty, static_cast<std::size_t>(view.len)};
    return true;
  }

 private:
  std::vector<Py_buffer> views_;
};

bool check_length(const char* name, PyObject* sequence, std::uint64_t expected) {
  if (PyUnicode_Check(sequence) || PyBytes_Check(sequence) || PyDict_Check(sequence)) {
    PyErr_Format(PyExc_TypeError, "%s must be a sequence with one element a sample, got %s", name,
                 Py_TYPE(sequence)->tp_name);
    return false;
  }
  const Py_ssize_t n = PyObject_Size(sequence);
  if (n < 0) {
    PyErr_Clear();
    PyErr_Format(PyExc_TypeError, "%s must be a sequence with one element a sample, got %s", name,
                 Py_TYPE(sequence)->tp_name);
    return false;
  }
  if (static_cast<std::uint64_t>(n) == expected) return true;
  PyErr_Format(PyExc_ValueError, "%zd %s for %llu sample%s: needs one a sample", n, name,
               static_cast<unsigned long long>(expected), expected == 1 ? "" : "s");
  return false;
}

bool token_count(PyObject* number, std::int64_t& count) {
  count = PyLong_AsLongLong(number);
  if (count == -1 && PyErr_Occurred() != nullptr) return false;
  count = std::clamp<std::int64_t>(count, -1, std::numeric_limits<std::uint32_t>::max());
  return true;
}

bool token_counts(PyObject* n_tokens, std::uint64_t n, std::vector<std::int64_t>& counts) {
  counts.resize(n);
  if (PyIndex_Check(n_tokens)) {
    const py::object number = py::reinterpret_steal<py::object>(PyNumber_Index(n_tokens));
    if (!number || !token_count(number.ptr(), counts[0])) {
      if (PyErr_ExceptionMatches(PyExc_TypeError) == 0) return false;
      PyErr_Clear();  // an array has __index__ but is no number unless it has one element
    } else {
      std::fill(counts.begin(), counts.end(), counts[0]);
      return true;
    }
  }
  if (!check_length("n_tokens", n_tokens, n)) return false;
  const py::object sequence = py::reinterpret_steal<py::object>(PySequence_Fast(n_tokens, "n_tokens: not a sequence"));
  if (!sequence) return false;
  for (std::uint64_t i = 0; i < n; ++i) {
    const py::object number = py::reinterpret_steal<py::object>(
        PyNumber_Index(PySequence_Fast_GET_ITEM(sequence.ptr(), static_cast<Py_ssize_t>(i))));
    if (!number || !token_count(number.ptr(), counts[i])) return false;
  }
  return true;
}

// What `encode` made of the outputs. False with a Python error set.
bool encoded(PyObject* encode, PyObject* outputs, std::uint64_t n, Buffers& buffers, std::vector<std::uint16_t>& kinds,
             std::vector<std::span<const std::byte>>& bytes, py::object& keep_alive) {
  const py::object count = py::reinterpret_steal<py::object>(PyLong_FromUnsignedLongLong(n));
  keep_alive = py::reinterpret_steal<py::object>(PyObject_CallFunctionObjArgs(encode, outputs, count.ptr(), nullptr));
  if (!keep_alive) return false;
  const auto pair = py::cast<std::pair<py::list, py::list>>(keep_alive);
  kinds.resize(n);
  bytes.resize(n);
  for (std::uint64_t i = 0; i < n; ++i) {
    kinds[i] = py::cast<std::uint16_t>(pair.first[i]);
    if (!buffers.add(pair.second[i].ptr(), bytes[i])) return false;
  }
  return true;
}

}  // namespace

bool Engine::complete(RowRange rows, Instant at, PyObject* outputs, PyObject* n_tokens) {
  const bool has_outputs = outputs != nullptr && outputs != Py_None;
  const bool has_tokens = n_tokens != nullptr && n_tokens != Py_None;
  if (!has_outputs && !has_tokens) [[likely]] {
    record().complete(rows, at, Answer{});
    return true;
  }
  try {
    Answer answer;
    std::vector<std::int64_t> counts;
    std::vector<std::uint16_t> kinds;
    std::vector<std::span<const std::byte>> bytes;
    py::object keep_alive;
    const bool kept = has_outputs && record().keeps_output(rows);
    Buffers buffers{kept ? rows.count : 0};
    if (has_outputs && !check_length("outputs", outputs, rows.count)) return false;
    if (kept && !encoded(settings_.encode.ptr(), outputs, rows.count, buffers, kinds, bytes, keep_alive)) return false;
    if (has_tokens && !token_counts(n_tokens, rows.count, counts)) return false;
    answer.n_tokens = counts;
    answer.kinds = kinds;
    answer.outputs = bytes;
    record().complete(rows, at, answer);
    return true;
  } catch (py::error_already_set& error) {
    error.restore();
  } catch (const std::exception& error) {
    PyErr_SetString(PyExc_RuntimeError, error.what());
  }
  return false;
}

}  // namespace loadgen::bindings
