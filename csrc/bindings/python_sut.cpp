// SPDX-License-Identifier: Apache-2.0
// The core's calls into Python: when the interpreter's lock is taken, what is called with what, where errors go.
#include <algorithm>
#include <limits>
#include <utility>

#include <pybind11/eval.h>
#include <pybind11/gil_safe_call_once.h>

#include "batch.hpp"
#include "engine.hpp"

namespace loadgen::bindings {

namespace {

// A function like a user's, for a batch without samples; compiled once.
const py::object& answer_nothing() {
  PYBIND11_CONSTINIT static py::gil_safe_call_once_and_store<py::object> made;
  return made.call_once_and_store_result([]() -> py::object { return py::eval("lambda batch: batch.complete()"); })
      .get_stored();
}

}  // namespace

thread_local PyThreadState* PythonSut::further_thread_ = nullptr;

PythonSut::PythonSut(Engine& engine, py::handle engine_object, py::object target, py::object flush, bool function,
                     std::optional<std::uint64_t> max_batch_size)
    : engine_{engine},
      engine_object_{engine_object},
      target_{std::move(target)},
      flush_{std::move(flush)},
      max_batch_size_{max_batch_size.value_or(std::numeric_limits<std::uint64_t>::max())} {
  calls_.user = this;
  calls_.poll = [](void* user) { return static_cast<PythonSut*>(user)->poll(); };
  calls_.own_thread = target_.is_none();
  if (target_.is_none()) return;  // pull: the core calls nothing else
  calls_.begin_thread = [](void*) { begin_thread(); };
  calls_.end_thread = [](void*) { end_thread(); };
  calls_.enter = [](void* user) { static_cast<PythonSut*>(user)->enter(); };
  calls_.leave = [](void* user) { static_cast<PythonSut*>(user)->leave(); };
  if (function) {
    calls_.issue = [](void* user, RowRange rows) { return static_cast<PythonSut*>(user)->call_function(rows); };
  } else {
    calls_.issue = [](void* user, RowRange rows) { return static_cast<PythonSut*>(user)->push(rows); };
    answer_nothing();
    calls_.warm = [](void* user) { return static_cast<PythonSut*>(user)->warm(); };
  }
  if (flush_.is_none()) return;
  calls_.flush = [](void* user) {
    auto& sut = *static_cast<PythonSut*>(user);
    const py::object result = py::reinterpret_steal<py::object>(PyObject_CallNoArgs(sut.flush_.ptr()));
    return result ? true : sut.keep_error();
  };
}

void PythonSut::begin_thread() noexcept {
  PyGILState_Ensure();
  PyThreadState* saved = PyEval_SaveThread();
  further_thread_ = saved;
}

void PythonSut::end_thread() noexcept {
  PyEval_RestoreThread(further_thread_);
  further_thread_ = nullptr;
  PyGILState_Release(PyGILState_UNLOCKED);
}

void PythonSut::rethrow() {
  if (error_) throw *std::exchange(error_, std::nullopt);
}

bool PythonSut::keep_error() {
  py::error_already_set error;  // takes the error that is set
  if (!error_) error_.emplace(std::move(error));
  return false;
}

bool PythonSut::poll() {
  enter();
  // Not in a forked child, where nobody would answer.
  const bool go_on = (PyErr_CheckSignals() == 0 && engine_.usable_here()) || keep_error();
  leave();
  return go_on;
}

bool PythonSut::warm() {
  __builtin_prefetch(target_.ptr());
  PyObject* batch = new_batch(engine_object_.ptr(), engine_, {});
  PyObject* result = batch == nullptr ? nullptr : PyObject_CallOneArg(answer_nothing().ptr(), batch);
  Py_XDECREF(batch);
  // Python code may run signal handlers: Ctrl-C may come out of this.
  if (result == nullptr) return keep_error();
  Py_DECREF(result);
  return true;
}

bool PythonSut::push(RowRange rows) {
  PyObject* batch = new_batch(engine_object_.ptr(), engine_, rows);
  if (batch == nullptr) return keep_error();
  PyObject* result = PyObject_CallOneArg(target_.ptr(), batch);
  Py_DECREF(batch);
  if (result == nullptr) [[unlikely]]
    return engine_.survives_error(rows) || keep_error();
  Py_DECREF(result);
  return true;
}

bool PythonSut::call_function(RowRange rows) {
  while (rows.count > 0) {
    const RowRange part{rows.first, std::min(rows.count, max_batch_size_)};
    if (!call_function_once(part) && !engine_.survives_error(part)) [[unlikely]]
      return keep_error();
    rows = {part.first + part.count, rows.count - part.count};
    if (rows.count > 0 && engine_.run().aborted()) break;
  }
  return true;
}

bool PythonSut::call_function_once(RowRange rows) {
  PyObject* samples = function_samples(rows);
  if (samples == nullptr) return false;
  PyObject* outputs = PyObject_CallOneArg(target_.ptr(), samples);
  const Instant at = engine_.record().clock().now();
  Py_DECREF(samples);
  if (outputs == nullptr) return false;
  const bool answered = engine_.complete(rows, at, outputs, nullptr);
  Py_DECREF(outputs);
  return answered;
}

PyObject* PythonSut::function_samples(RowRange rows) {
  if (!engine_.settings().samples.is_none()) return engine_.samples_of(rows);
  // An array that nobody else holds (no name, view or buffer) can be filled again: 70 ns less a query.
  if (reused_ && reused_.ref_count() == 1) {
    auto& array = static_cast<py::array&>(reused_);
    const bool as_made = array.ndim() == 1 && array.strides(0) == sizeof(std::int64_t) && array.writeable() &&
                         array.dtype().is(py::dtype::of<std::int64_t>());
    if (as_made && std::cmp_equal(array.size(), rows.count)) {
      const std::uint32_t* from = engine_.record().index_at(rows.first);
      std::copy(from, from + rows.count, static_cast<std::int64_t*>(array.mutable_data()));
      return Py_NewRef(reused_.ptr());
    }
  }
  reused_ = engine_.indices_of(rows);
  return Py_NewRef(reused_.ptr());
}

}  // namespace loadgen::bindings
