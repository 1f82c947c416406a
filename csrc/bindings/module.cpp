// SPDX-License-Identifier: Apache-2.0
// loadgen._core: a table of contents. Each topic has a file.
#include <pybind11/pybind11.h>

#include "base/error.hpp"
#include "batch.hpp"
#include "bindings.hpp"
#include "query_sample.hpp"

namespace py = pybind11;

namespace loadgen::bindings {

void bind_plan(py::module_& module);
void bind_statistics(py::module_& module);

namespace {

// The core's one exception becomes the package's own, with the text from the core's table.
void translate_errors() {
  py::register_local_exception_translator([](std::exception_ptr failure) {
    try {
      if (failure) std::rethrow_exception(failure);
    } catch (const Error& error) {
      const py::object type = py::module_::import("loadgen.errors").attr("LoadGenError");
      py::set_error(type, error.what());
    }
  });
}

}  // namespace

// The interpreter's lock is relied on: it guards the free list of batches and what Engine keeps beside the core.
PYBIND11_MODULE(_core, module, py::mod_gil_used()) {
  module.attr("__version__") = LOADGEN_VERSION;
  translate_errors();
  bind_plan(module);
  bind_statistics(module);
  bind_batch(module);
  bind_query_samples(module);
  bind_clock(module);
  bind_engine(module);
  bind_live(module);
  bind_native(module);
  bind_responses(module);
}

}  // namespace loadgen::bindings
