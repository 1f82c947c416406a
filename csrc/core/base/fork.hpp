// SPDX-License-Identifier: Apache-2.0
// Whether this process is still the one that something was made in.
#pragma once

#include <cstdint>

namespace loadgen {

/// Counts forks of this process from now on. Call once.
void watch_forks();

/// How many there were; a child has one more than its parent had. Any thread, wait-free.
[[nodiscard]] std::uint64_t fork_generation() noexcept;

}  // namespace loadgen
