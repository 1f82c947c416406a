// SPDX-License-Identifier: Apache-2.0
// Assertions of developers' builds. Wheels are built with NDEBUG and contain none of them.
#pragma once

#include <cassert>

/// States what the code around it relies on. Never for input that a user can get wrong.
#define LOADGEN_CHECK(condition) assert(condition)
