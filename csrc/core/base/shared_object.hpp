// SPDX-License-Identifier: Apache-2.0
// One object in a range of its own, so that other processes can have it too.
#pragma once

#include <new>
#include <type_traits>
#include <utility>

#include "base/error.hpp"
#include "base/reserved_range.hpp"

namespace loadgen {

/// Makes a T in new memory, or finds the one that another process made.
///
/// The memory reads as zero. What T's default constructor leaves alone is not touched, and costs nothing.
///
/// Thread safety: the object's. Any number of processes may have it; the memory goes with the last of them.
template <typename T>
class SharedObject {
  static_assert(std::is_trivially_destructible_v<T>, "no process knows whether it is the last one");

 public:
  /// `arguments` are for T's constructor, where it is made. Throws Error{OutOfMemory}.
  template <typename... Arguments>
  explicit SharedObject(Ranges& ranges, Arguments&&... arguments) : range_{ranges.reserve(sizeof(T))} {
    if (!range_) throw Error{ErrorCode::OutOfMemory};
    if (!ranges.attaches()) make(std::forward<Arguments>(arguments)...);
    object_ = std::launder(reinterpret_cast<T*>(range_.data()));
  }
  // The default move is right: the address stays.

  [[nodiscard]] T& operator*() const noexcept { return *object_; }
  [[nodiscard]] T* operator->() const noexcept { return object_; }

 private:
  template <typename... Arguments>
  void make(Arguments&&... arguments) {
    // Parentheses without arguments would write zeros into all of it.
    if constexpr (sizeof...(Arguments) == 0)
      ::new (static_cast<void*>(range_.data())) T;
    else
      ::new (static_cast<void*>(range_.data())) T(std::forward<Arguments>(arguments)...);
  }

  ReservedRange range_;
  T* object_ = nullptr;
};

}  // namespace loadgen
