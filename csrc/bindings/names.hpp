// SPDX-License-Identifier: Apache-2.0
// Enumerators by the names that Python uses for them.
#pragma once

#include <pybind11/pybind11.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "plan/scenario.hpp"

namespace loadgen::bindings {

template <typename Value, std::size_t n>
using NameTable = std::array<std::pair<std::string_view, Value>, n>;

/// The value of a name; ValueError with the argument, the name and the known ones otherwise.
template <typename Value, std::size_t n>
Value named(const NameTable<Value, n>& table, const std::string& name, const char* argument) {
  std::string known;
  for (const auto& [known_name, value] : table) {
    if (known_name == name) return value;
    known += (known.empty() ? "" : ", ") + std::string{known_name};
  }
  throw pybind11::value_error(std::string{argument} + " = '" + name + "': needs one of " + known);
}

inline constexpr NameTable<Scenario, 5> kScenarios{{{"single_stream", Scenario::SingleStream},
                                                    {"multi_stream", Scenario::MultiStream},
                                                    {"server", Scenario::Server},
                                                    {"offline", Scenario::Offline},
                                                    {"concurrent", Scenario::Concurrent}}};

}  // namespace loadgen::bindings
