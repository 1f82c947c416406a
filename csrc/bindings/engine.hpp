// SPDX-License-Identifier: Apache-2.0
// A run as Python holds it: the core's Run, and the Python objects that the core itself must not know.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "answers.hpp"
#include "engine/run.hpp"
#include "native/run_handle.hpp"

namespace loadgen::bindings {

namespace py = pybind11;

struct EngineSettings {
  RunSettings run;
  py::object samples;  // indices -> samples; None: the indices themselves
  py::object encode;   // (outputs, n) -> (kinds, buffers)
  py::object clock;    // keeps the virtual clock alive
  bool fail_on_error = false;
};

/// Where a constant instant of a series lies (Offline keeps no instants a row).
struct SeriesInstants {
  RowRange rows;
  std::vector<RowRange> parts;  // where they lie, when several threads issued
  std::int64_t scheduled;
  std::int64_t issued;
};

/// What MLPerf's API is asked of rows, and the record has no place for. Empty in a run that is answered otherwise.
struct AskedByMlperf {
  std::unordered_map<std::uint64_t, std::string> first_tokens;       // their bytes, until they are taken
  std::unordered_map<std::uint64_t, std::int64_t> odd_token_counts;  // of kept answers: those that no column can hold
  std::vector<bool> first_token_came;                                // where the record has no column: repeats count
};

/// Thread safety: every call holds the interpreter's lock, which guards what is not the core's.
class Engine {
 public:
  explicit Engine(EngineSettings settings);

  [[nodiscard]] Run& run() noexcept { return *run_; }
  [[nodiscard]] Record& record() noexcept { return run_->record(); }
  [[nodiscard]] const EngineSettings& settings() const noexcept { return settings_; }

  /// Sets a Python error and returns false in a process that was forked from the run's.
  [[nodiscard]] bool usable_here() const noexcept;
  /// The same as an exception.
  void require_usable() const {
    if (!usable_here()) throw py::error_already_set();
  }

  /// Samples for a SUT: an array of indices, or what the dataset makes of it. New reference; null with an error set.
  [[nodiscard]] PyObject* samples_of(RowRange rows);
  [[nodiscard]] py::array_t<std::int64_t> indices_of(RowRange rows);
  /// Where rows are not kept: throws a Python error when the rows' places may be others' by now. Call it after they
  /// were read.
  void require_kept(RowRange rows) const;

  /// Answers rows at `at`. False with a Python error set, and nothing answered, when `outputs` or `n_tokens` do not
  /// fit the rows or cannot be kept. `outputs` and `n_tokens` may be None, and null where they were not given: an
  /// answer that is nothing but a None is counted, since who returns it may have forgotten to return more.
  [[nodiscard]] bool complete(RowRange rows, Instant at, PyObject* outputs, PyObject* n_tokens);
  /// Answers rows with what was prepared from `position` on.
  void complete_prepared(RowRange rows, Instant at, const PreparedAnswer& answer, std::size_t position);
  /// The error that is set, of a user's function that was given `rows`: where the settings say so, fails the rows,
  /// clears the error and returns true; else leaves it and returns false.
  [[nodiscard]] bool survives_error(RowRange rows) noexcept;
  /// Whether an output for any of the rows would be kept.
  [[nodiscard]] bool keeps_output(RowRange rows) noexcept {
    return !settings_.encode.is_none() && record().keeps_output(rows);
  }
  /// Recycled outputs: waits, without the interpreter's lock, while answers come faster than they are taken, until
  /// there is room for `bytes` more; or none was taken for a minute. Call before an answer that brings bytes.
  void wait_for_room(std::size_t bytes);
  /// The run as systems in C hold it; made when it is first asked for.
  [[nodiscard]] loadgen_run& native_handle();
  /// Of who aborted through it.
  [[nodiscard]] std::optional<std::string> native_abort_reason() const {
    return native_handle_ ? native_handle_->abort_reason() : std::nullopt;
  }
  /// Makes the run's memory such as other processes can map, if it is not yet. Throws Error{WrongState} once anything
  /// was issued, and where rows are not kept or several threads issue.
  void share();
  /// Ends the run for good, and lets go of the dataset and the encoder: they may know who holds this engine.
  void close();

  std::vector<SeriesInstants> series;
  std::optional<SeriesOutcome> outcome;
  std::vector<std::uint64_t> answered_below;  // for progress(): rows below are answered, of each part
  AskedByMlperf asked;
  std::uint64_t none_answers = 0;  // samples that were answered with None, where a call returned it

 private:
  EngineSettings settings_;
  std::optional<Run> run_;  // always there
  std::uint64_t fork_generation_;
  long pid_;
  bool closed_ = false;
  struct Shut {
    void operator()(loadgen_run* handle) const noexcept { handle->close(); }
  };
  std::unique_ptr<loadgen_run, Shut> native_handle_;  // after run_: shut before the run is gone
};

/// The core's calls into Python for one series: a SUT's issue(batch), or a function of samples.
class PythonSut {
 public:
  PythonSut(Engine& engine, py::handle engine_object, py::object target, py::object flush, bool function,
            std::optional<std::uint64_t> max_batch_size);
  ~PythonSut() = default;
  PythonSut(const PythonSut&) = delete;
  PythonSut& operator=(const PythonSut&) = delete;

  /// For the core; valid while this lives. Call with the interpreter's lock given up (GilReleased).
  [[nodiscard]] const SutCalls& calls() const noexcept { return calls_; }
  /// Throws the first error of the user's code or of a signal handler, if there was one. Holding the lock.
  void rethrow();

  /// Gives up the interpreter's lock for the scope; calls back in take it again.
  class GilReleased {
   public:
    explicit GilReleased(PythonSut& sut) noexcept : sut_{sut} { sut_.leave(); }
    ~GilReleased() { sut_.enter(); }
    GilReleased(const GilReleased&) = delete;
    GilReleased& operator=(const GilReleased&) = delete;

   private:
    PythonSut& sut_;
  };

 private:
  void enter() noexcept { PyEval_RestoreThread(state()); }
  void leave() noexcept {
    PyThreadState* saved = PyEval_SaveThread();
    state() = saved;
  }
  /// The interpreter's state of the calling thread.
  PyThreadState*& state() noexcept { return further_thread_ != nullptr ? further_thread_ : thread_; }
  static void begin_thread() noexcept;
  static void end_thread() noexcept;
  bool warm();
  bool push(RowRange rows);
  bool call_function(RowRange rows);
  bool call_function_once(RowRange rows);
  bool poll();
  bool keep_error();
  [[nodiscard]] PyObject* function_samples(RowRange rows);

  Engine& engine_;
  py::handle engine_object_;
  py::object target_;
  py::object flush_;
  std::uint64_t max_batch_size_;
  SutCalls calls_;
  PyThreadState* thread_ = nullptr;                    // of the one that runs the series
  static thread_local PyThreadState* further_thread_;  // of further issuing threads
  std::optional<py::error_already_set> error_;
  py::object reused_;  // index array of the last call; used again when nobody else holds it
};

}  // namespace loadgen::bindings
