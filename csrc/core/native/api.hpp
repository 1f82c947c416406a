// SPDX-License-Identifier: Apache-2.0
// The functions that systems in C call: the table of loadgen.h.
#pragma once

#include "loadgen.h"

namespace loadgen {

/// The table, for as long as the process lives.
[[nodiscard]] const loadgen_api& native_api() noexcept;

}  // namespace loadgen
