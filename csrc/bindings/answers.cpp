// SPDX-License-Identifier: Apache-2.0
#include "answers.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

namespace loadgen::bindings {

namespace {

constexpr std::int64_t kMostTokens = std::numeric_limits<std::uint32_t>::max();

bool check_length(const char* name, PyObject* sequence, std::uint64_t expected) {
  const bool is_scalar = PyUnicode_Check(sequence) || PyBytes_Check(sequence) || PyDict_Check(sequence);
  const Py_ssize_t n = is_scalar ? -1 : PyObject_Size(sequence);
  if (n < 0) {
    PyErr_Clear();
    PyErr_Format(PyExc_TypeError, "%s must be a sequence with one element a sample, got %s", name,
                 Py_TYPE(sequence)->tp_name);
    return false;
  }
  if (std::cmp_equal(n, expected)) return true;
  PyErr_Format(PyExc_ValueError, "%zd %s for %llu sample%s: needs one a sample", n, name,
               static_cast<unsigned long long>(expected), expected == 1 ? "" : "s");
  return false;
}

// False with a Python error set. Counts that no record can hold become -1 or the largest.
bool token_count(PyObject* object, std::int64_t& count) {
  const py::object number = py::reinterpret_steal<py::object>(PyNumber_Index(object));
  if (!number) return false;
  int overflow = 0;
  count = PyLong_AsLongLongAndOverflow(number.ptr(), &overflow);
  if (count == -1 && PyErr_Occurred() != nullptr) return false;
  if (overflow > 0) count = kMostTokens;
  count = std::clamp<std::int64_t>(count, -1, kMostTokens);
  return true;
}

bool token_counts(PyObject* n_tokens, std::uint64_t n, std::vector<std::int64_t>& counts) {
  counts.assign(n, 0);
  if (PyIndex_Check(n_tokens) != 0 && PySequence_Check(n_tokens) == 0) {  // a number for all
    std::int64_t count = 0;
    if (!token_count(n_tokens, count)) return false;
    std::ranges::fill(counts, count);
    return true;
  }
  if (!check_length("n_tokens", n_tokens, n)) return false;
  // A tuple of our own: converting an element runs code that might change a list.
  const py::object elements = py::reinterpret_steal<py::object>(PySequence_Tuple(n_tokens));
  if (!elements || !check_length("n_tokens", elements.ptr(), n)) return false;
  for (std::uint64_t i = 0; i < n; ++i) {
    if (!token_count(PyTuple_GET_ITEM(elements.ptr(), static_cast<Py_ssize_t>(i)), counts[i])) return false;
  }
  return true;
}

}  // namespace

PreparedAnswer::~PreparedAnswer() {
  for (Py_buffer& view : views_) PyBuffer_Release(&view);
}

bool PreparedAnswer::prepare(const py::object& encode, PyObject* outputs, PyObject* n_tokens, std::uint64_t n,
                             bool keep) {
  try {
    if (outputs != nullptr && outputs != Py_None) {
      if (!check_length("outputs", outputs, n) || (keep && !encode_outputs(encode, outputs, n))) return false;
    }
    return n_tokens == nullptr || n_tokens == Py_None || token_counts(n_tokens, n, counts_);
  } catch (py::error_already_set& error) {
    error.restore();
  } catch (const std::exception& error) {
    PyErr_SetString(PyExc_RuntimeError, error.what());
  }
  return false;
}

bool PreparedAnswer::encode_outputs(const py::object& encode, PyObject* outputs, std::uint64_t n) {
  // Of its own: the run's end may let go of it during the call.
  const py::object called = encode;  // NOLINT(performance-unnecessary-copy-initialization)
  const auto pair = py::cast<std::pair<py::list, py::list>>(called(py::handle(outputs), n));
  if (pair.first.size() != n || pair.second.size() != n) throw std::logic_error("the encoder lost answers");
  encoded_ = pair.second;
  kinds_.resize(n);
  bytes_.resize(n);
  views_.reserve(n);
  for (std::uint64_t i = 0; i < n; ++i) {
    static constexpr std::byte kEmpty{};  // an empty answer is kept: its bytes need an address
    kinds_[i] = py::cast<std::uint16_t>(pair.first[i]);
    Py_buffer view;
    if (PyObject_GetBuffer(py::object(pair.second[i]).ptr(), &view, PyBUF_C_CONTIGUOUS) != 0) return false;
    views_.push_back(view);
    const auto* data = static_cast<const std::byte*>(view.buf);
    bytes_[i] = {view.len > 0 ? data : &kEmpty, static_cast<std::size_t>(view.len)};
  }
  return true;
}

Answer PreparedAnswer::part(std::size_t position, std::uint64_t count) const noexcept {
  Answer answer;
  if (!counts_.empty()) answer.n_tokens = std::span{counts_}.subspan(position, count);
  if (!bytes_.empty()) {
    answer.kinds = std::span{kinds_}.subspan(position, count);
    answer.outputs = std::span{bytes_}.subspan(position, count);
  }
  return answer;
}

}  // namespace loadgen::bindings
