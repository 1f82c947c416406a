// SPDX-License-Identifier: Apache-2.0
// Texts that are told apart, each with a number, a count and an example: a table that processes can share.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <thread>

namespace loadgen {

/// At most kEntries texts. Lives in memory that reads as zero, and touches only what it uses; never on a stack.
///
/// Texts are cut to kTextBytes and examples to kExampleBytes, between characters of UTF-8.
///
/// Thread safety: any thread of any process that shares it, but for clear(). Lock-free: a text that is being written is
///   waited for, for a moment; a process that dies while it writes costs an entry.
/// Memory ordering: an entry's text and example are visible to whoever found it (acquire, pairs with its release).
template <std::size_t kEntries, std::size_t kTextBytes, std::size_t kExampleBytes>
class TextTable {
 public:
  // No initializers: they would touch all of the memory, which is zero.
  TextTable() noexcept {}  // NOLINT(modernize-use-equals-default): that would be a member's initialization

  /// The number of a text, which is entered with its example where it is new; nothing when there is no room for it.
  std::optional<std::size_t> find_or_add(std::string_view text, std::string_view example = {}) noexcept {
    text = cut(text, kTextBytes);
    for (std::size_t number = 0; number < kEntries; ++number) {
      Entry& entry = entries_[number];
      std::uint32_t state = kFree;
      // acquire: pairs with the release below
      if (state_of(entry).compare_exchange_strong(state, kBeingWritten, std::memory_order_acquire)) {
        entry.text_length = copy(text, entry.text);
        entry.example_length = copy(cut(example, kExampleBytes), entry.example);
        state_of(entry).store(kReady, std::memory_order_release);  // release: pairs with every look at the state
        return number;
      }
      for (int look = 0; state == kBeingWritten && look < kPatience; ++look) {
        std::this_thread::yield();
        state = state_of(entry).load(std::memory_order_acquire);  // acquire: see above
      }
      if (state == kReady && text_of(entry) == text) return number;
    }
    return std::nullopt;
  }

  /// Counts `n` more of a text, by the number that find_or_add() gave.
  void add(std::size_t number, std::uint64_t n) noexcept {
    // relaxed: counts are read when the run is over
    std::atomic_ref{entries_[number].count}.fetch_add(n, std::memory_order_relaxed);
  }

  /// Calls work(number, text, count, example) for each.
  template <typename Work>
  void for_each(Work work) const {
    for (std::size_t number = 0; number < kEntries; ++number) {
      Entry& entry = const_cast<Entry&>(entries_[number]);                          // atomic_ref has no const form
      const std::uint32_t state = state_of(entry).load(std::memory_order_acquire);  // acquire: see find_or_add()
      if (state == kFree) return;
      if (state != kReady) continue;
      const std::uint64_t count = std::atomic_ref{entry.count}.load(std::memory_order_relaxed);  // relaxed: see add()
      work(number, text_of(entry), count, std::string_view{entry.example, entry.example_length});
    }
  }

  /// Forgets all. Nobody else may use it meanwhile.
  void clear() noexcept {
    for (Entry& entry : entries_) {
      if (entry.state == kFree) return;
      std::memset(static_cast<void*>(&entry), 0, sizeof(Entry));
    }
  }

 private:
  // NOLINTNEXTLINE(performance-enum-size): as wide as the word that has it
  enum State : std::uint32_t { kFree, kBeingWritten, kReady };
  static constexpr int kPatience = 1000;

  struct Entry {
    std::uint32_t state;
    std::uint32_t text_length;
    std::uint32_t example_length;
    std::uint64_t count;
    char text[kTextBytes];
    char example[kExampleBytes];
  };

  static std::atomic_ref<std::uint32_t> state_of(Entry& entry) noexcept { return std::atomic_ref{entry.state}; }
  static std::string_view text_of(const Entry& entry) noexcept { return {entry.text, entry.text_length}; }

  /// At most `size` bytes, and no part of a character.
  static std::string_view cut(std::string_view text, std::size_t size) noexcept {
    if (text.size() <= size) return text;
    while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) --size;
    return text.substr(0, size);
  }
  static std::uint32_t copy(std::string_view from, char* to) noexcept {
    if (!from.empty()) std::memcpy(to, from.data(), from.size());
    return static_cast<std::uint32_t>(from.size());
  }

  Entry entries_[kEntries];
};

}  // namespace loadgen
