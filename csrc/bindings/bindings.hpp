// SPDX-License-Identifier: Apache-2.0
// What the files of the bindings give each other.
#pragma once

#include <pybind11/pybind11.h>

#include <string>

#include "engine.hpp"

namespace loadgen::bindings {

void bind_clock(pybind11::module_& module);
void bind_engine(pybind11::module_& module);
/// What a view of a run shows.
void bind_live(pybind11::module_& module);
/// Systems in C.
void bind_native(pybind11::module_& module);
/// Batches for whoever takes them, in this process and in others.
void bind_pull(pybind11::class_<Engine>& engine);
/// Answers by id: complete, first_token, token, fail.
void bind_answers(pybind11::class_<Engine>& engine);
/// Answers in the form of MLPerf's API.
void bind_responses(pybind11::module_& module);
/// What was measured: columns and payload as arrays, answers one by one.
void bind_columns(pybind11::class_<Engine>& engine);
/// How the generator itself did.
void bind_issuing(pybind11::class_<Engine>& engine);
/// When tokens came: their gaps, their instants.
void bind_tokens(pybind11::class_<Engine>& engine);

}  // namespace loadgen::bindings
