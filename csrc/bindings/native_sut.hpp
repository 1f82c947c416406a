// SPDX-License-Identifier: Apache-2.0
// A system in C as Python holds it.
#pragma once

#include "engine.hpp"
#include "native/native_sut.hpp"

namespace loadgen::bindings {

/// Serves any number of runs. Whoever made the functions keeps them alive.
class NativeSut {
 public:
  explicit NativeSut(const loadgen_sut& sut) : sut_{sut} {}

  [[nodiscard]] const loadgen_sut& sut() const noexcept { return sut_; }
  /// Both without the interpreter's lock, and throw RuntimeError with what the function returned.
  void start(Engine& engine);
  void stop();
  /// Throws RuntimeError unless the code is 0.
  static void require_success(const char* function, int code);

 private:
  loadgen_sut sut_;
};

}  // namespace loadgen::bindings
