// SPDX-License-Identifier: Apache-2.0
// The Batch that a system under test is handed: a hand-written type, since one is made for every query (110 ns with its
// call, against 370 through a class of the binding library).
#pragma once

#include <pybind11/pybind11.h>

#include "engine.hpp"
#include "record/record.hpp"

namespace loadgen::bindings {

/// Adds the type to the module.
void bind_batch(pybind11::module_& module);

/// A new Batch of rows that were issued; null with a Python error set. `engine_object` holds `engine`.
PyObject* new_batch(PyObject* engine_object, Engine& engine, RowRange rows);

}  // namespace loadgen::bindings
