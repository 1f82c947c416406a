// SPDX-License-Identifier: Apache-2.0
#include "engine.hpp"

#include <unistd.h>

#include <utility>

#include "answers.hpp"
#include "base/error.hpp"
#include "base/fork.hpp"

namespace loadgen::bindings {

namespace {

py::object load_error_class(const char* name) { return py::module_::import("loadgen.errors").attr(name); }

// Takes the reference. UTF-8 whatever the text is; `otherwise` where there is none (a __str__ that raises).
std::string safe_text(PyObject* text, const std::string& otherwise) {
  const py::object owned = py::reinterpret_steal<py::object>(text);
  const py::object bytes = py::reinterpret_steal<py::object>(
      owned ? PyUnicode_AsEncodedString(owned.ptr(), "utf-8", "backslashreplace") : nullptr);
  if (!bytes) {
    PyErr_Clear();
    return otherwise;
  }
  return {PyBytes_AS_STRING(bytes.ptr()), static_cast<std::size_t>(PyBytes_GET_SIZE(bytes.ptr()))};
}

}  // namespace

Engine::Engine(EngineSettings settings)
    : settings_{std::move(settings)}, fork_generation_{fork_generation()}, pid_{getpid()} {
  run_.emplace(settings_.run);
}

void Engine::share() {
  RunSettings shared = settings_.run;
  if (run_->settings().ranges.shared()) return;
  if (run_->rows_issued() > 0 || closed_ || native_handle_ || shared.record.ring_rows > 0 || shared.record.parts > 1)
    throw Error{ErrorCode::WrongState};
  shared.ranges = Ranges{Backing::Memfd};
  shared.record.recycle_outputs = false;  // who waits for room waits in one process
  try {
    run_.emplace(shared);
  } catch (...) {
    run_.emplace(settings_.run);  // there is always one
    throw;
  }
  settings_.run = std::move(shared);
}

// NOLINTNEXTLINE(bugprone-exception-escape): importing raises Python's errors alone
bool Engine::usable_here() const noexcept {
  if (fork_generation() == fork_generation_) [[likely]]
    return true;
  try {
    const py::object error = load_error_class("LoadGenError");
    PyErr_Format(error.ptr(),
                 "this run belongs to process %ld, but was used in process %ld, which was forked from it: "
                 "start the run after the fork, or answer in the parent",
                 pid_, static_cast<long>(getpid()));
  } catch (py::error_already_set& failure) {
    failure.restore();
  }
  return false;
}

py::array_t<std::int64_t> Engine::indices_of(RowRange rows) {
  py::array_t<std::int64_t> indices{static_cast<py::ssize_t>(rows.count)};
  const std::uint32_t* from = record().index_at(rows.first);
  std::copy(from, from + rows.count, indices.mutable_data());
  require_kept(rows);
  return indices;
}

void Engine::require_kept(RowRange rows) const {
  if (run_->first_kept(rows.first) == rows.first) [[likely]]
    return;
  PyErr_SetString(load_error_class("LoadGenError").ptr(),
                  "these samples were answered, and with recording='histogram' their places are used again: "
                  "read a batch before you answer it");
  throw py::error_already_set();
}

PyObject* Engine::samples_of(RowRange rows) {
  if (closed_) {
    PyErr_SetString(load_error_class("LoadGenError").ptr(), "the run has ended: its samples are not at hand any more");
    return nullptr;
  }
  const py::array_t<std::int64_t> indices = indices_of(rows);
  const py::object samples = settings_.samples;  // of its own: close() may let go of it during the call
  if (samples.is_none()) return Py_NewRef(indices.ptr());
  return PyObject_CallOneArg(samples.ptr(), indices.ptr());
}

void Engine::wait_for_room(std::size_t bytes) {
  if (run_->has_room(bytes)) return;
  const py::gil_scoped_release released;
  run_->wait_for_room(bytes);
}

loadgen_run& Engine::native_handle() {
  if (!native_handle_) native_handle_.reset(new loadgen_run{*run_});
  return *native_handle_;
}

void Engine::complete_prepared(RowRange rows, Instant at, const PreparedAnswer& answer, std::size_t position) {
  const Payload* kept = record().payload();
  if (kept == nullptr || !kept->recycles() || !answer.has_outputs()) {
    record().complete(rows, at, answer.part(position, rows.count));
    return;
  }
  for (std::uint64_t i = 0; i < rows.count; ++i) {
    const Answer one = answer.part(position + i, 1);
    wait_for_room(one.outputs.front().size());
    record().complete({rows.first + i, 1}, at, one);
  }
}

bool Engine::complete(RowRange rows, Instant at, PyObject* outputs, PyObject* n_tokens) {
  if ((outputs == nullptr || outputs == Py_None) && (n_tokens == nullptr || n_tokens == Py_None)) [[likely]] {
    const std::uint64_t answered = record().complete(rows, at, Answer{});
    if (outputs == Py_None) none_answers += answered;
    return true;
  }
  PreparedAnswer answer;
  if (!answer.prepare(settings_.encode, outputs, n_tokens, rows.count, keeps_output(rows))) return false;
  complete_prepared(rows, at, answer, 0);
  return true;
}

bool Engine::survives_error(RowRange rows) noexcept {
  const Instant at = record().clock().now();
  if (!settings_.fail_on_error || PyErr_ExceptionMatches(PyExc_Exception) == 0) return false;
  PyObject* type = nullptr;
  PyObject* value = nullptr;
  PyObject* trace = nullptr;
  PyErr_Fetch(&type, &value, &trace);
  const std::string kind = type == nullptr ? "error" : safe_text(PyObject_GetAttrString(type, "__name__"), "error");
  record().fail_open(rows, at, kind, safe_text(value == nullptr ? nullptr : PyObject_Str(value), kind));
  Py_XDECREF(type);
  Py_XDECREF(value);
  Py_XDECREF(trace);
  return true;
}

void Engine::close() {
  {
    const py::gil_scoped_release released;
    run_->close();
  }
  closed_ = true;
  settings_.samples = py::none();
  settings_.encode = py::none();
}

}  // namespace loadgen::bindings
