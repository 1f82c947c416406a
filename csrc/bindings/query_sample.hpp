// SPDX-License-Identifier: Apache-2.0
// The two values of MLPerf's API, QuerySample and QuerySampleResponse: hand-written types, since one of each is made
// for every sample (40 ns, against 200 and more through a class of the binding library).
#pragma once

#include <pybind11/pybind11.h>

#include <cstdint>

#include "engine.hpp"
#include "record/record.hpp"

namespace loadgen::bindings {

/// A function in a PyType_Slot.
template <typename Function>
void* slot(Function function) noexcept {
  return reinterpret_cast<void*>(function);
}

struct ResponseObject {
  PyObject_HEAD std::uint64_t id;
  std::uint64_t data;  // address
  std::uint64_t size;  // bytes there
  std::int64_t n_tokens;
  PyObject* weak_references;
};

/// Adds both types to the module.
void bind_query_samples(pybind11::module_& module);

/// A new list with a QuerySample for each of the rows; null with a Python error set.
PyObject* new_query_samples(Engine& engine, RowRange rows);

/// A new pair of lists, ids and indices, of the rows; null with a Python error set.
PyObject* new_query_lists(Engine& engine, RowRange rows);

/// The response that an object is; null with a Python error set when it is none.
ResponseObject* as_response(PyObject* object);

}  // namespace loadgen::bindings
