// SPDX-License-Identifier: Apache-2.0
// How the core calls a system, whichever kind it is.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "engine.hpp"
#include "names.hpp"
#include "native_sut.hpp"

namespace loadgen::bindings {

enum class Delivery : std::uint8_t { Push, Function, Pull, Native };
inline constexpr NameTable<Delivery, 4> kDeliveries{{{"push", Delivery::Push},
                                                     {"function", Delivery::Function},
                                                     {"pull", Delivery::Pull},
                                                     {"native", Delivery::Native}}};

/// The calls of a series to a system in Python, or to one in C, with signals looked for in Python.
class Calls {
 public:
  Calls(Engine& engine, const py::object& self, Delivery way, py::object target, py::object flush,
        std::optional<std::uint64_t> max_batch_size)
      : python_{engine, self, python_target(way, target), std::move(flush), way == Delivery::Function, max_batch_size} {
    if (way == Delivery::Native)
      native_.emplace(py::cast<NativeSut&>(target).sut(), engine.native_handle(), engine.record(),
                      engine.settings().fail_on_error, python_.calls());
  }

  /// For the core, while the interpreter's lock is given up.
  template <typename Work>
  void use(Work work) {
    const PythonSut::GilReleased released{python_};
    work(native_ ? native_->calls() : python_.calls());
  }
  /// Throws what the system, or a signal handler, ended the series with.
  void rethrow() {
    python_.rethrow();
    if (native_ && native_->failed_function() != nullptr)
      NativeSut::require_success(native_->failed_function(), native_->failed_code());
  }

 private:
  /// What the core calls in Python; None where that is nothing.
  static py::object python_target(Delivery way, const py::object& target) {
    const bool in_python = way == Delivery::Push || way == Delivery::Function;
    if (in_python && PyCallable_Check(target.ptr()) == 0)
      throw py::type_error("the target must be callable, got " + std::string{py::repr(target)});
    return in_python ? target : py::none();
  }

  PythonSut python_;
  std::optional<NativeCalls> native_;
};

}  // namespace loadgen::bindings
