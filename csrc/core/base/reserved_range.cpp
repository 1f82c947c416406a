// SPDX-License-Identifier: Apache-2.0
#include "base/reserved_range.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

namespace loadgen {

namespace {

#ifdef MAP_NORESERVE
constexpr int kNoReserve = MAP_NORESERVE;
#else
constexpr int kNoReserve = 0;
#endif

#if defined(__linux__)
std::string memfd_name(std::uint64_t key) { return "loadgen-" + std::to_string(key); }
#endif

// A new file of zeros without a path; fd is -1 when the system refuses.
SharedRange open_memfd(std::size_t bytes) {
  SharedRange made{-1, bytes, 0};
#if defined(__linux__)
  if (getrandom(&made.key, sizeof made.key, 0) != sizeof made.key) return made;
  const int fd = memfd_create(memfd_name(made.key).c_str(), MFD_CLOEXEC);
  if (fd >= 0 && ftruncate(fd, static_cast<off_t>(bytes)) == 0)
    made.fd = fd;
  else if (fd >= 0)
    ::close(fd);
#endif
  return made;
}

}  // namespace

ReservedRange::ReservedRange(std::size_t bytes, int fd) noexcept : shared_{fd >= 0} {
  const int flags = kNoReserve | (shared_ ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS);
  void* address = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, flags, fd, 0);
  if (address == MAP_FAILED) return;
  data_ = static_cast<std::byte*>(address);
  size_ = bytes;
}

ReservedRange::~ReservedRange() { release(); }

ReservedRange::ReservedRange(ReservedRange&& other) noexcept
    : data_{std::exchange(other.data_, nullptr)},
      size_{std::exchange(other.size_, 0)},
      shared_{std::exchange(other.shared_, false)} {}

ReservedRange& ReservedRange::operator=(ReservedRange&& other) noexcept {
  if (this != &other) {
    release();
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
    shared_ = std::exchange(other.shared_, false);
  }
  return *this;
}

void ReservedRange::shrink(std::size_t bytes) noexcept {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const std::size_t kept = std::max(page, (bytes + page - 1) / page * page);
  if (data_ == nullptr || kept >= size_) return;
  munmap(data_ + kept, size_ - kept);
  size_ = kept;
}

std::size_t ReservedRange::discard(std::size_t from, std::size_t to) noexcept {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const std::size_t end = std::min(to, size_) / page * page;
  if (data_ == nullptr || end <= from) return from;
#if defined(__linux__)
  // Of a shared mapping MADV_DONTNEED would only drop this process's view.
  if (madvise(data_ + from, end - from, shared_ ? MADV_REMOVE : MADV_DONTNEED) == 0) return end;
#endif
  std::memset(data_ + from, 0, end - from);
  return end;
}

void ReservedRange::release() noexcept {
  if (data_ != nullptr) munmap(data_, size_);
  data_ = nullptr;
}

ReservedRange Ranges::reserve(std::size_t bytes) {
  if (!attaches()) return make(bytes);
  const std::vector<SharedRange>& made = files_->list;
  if (next_ == made.size() || made[next_].bytes != bytes) return {};
  ReservedRange range = map(made[next_]);
  if (range) ++next_;
  return range;
}

ReservedRange Ranges::make(std::size_t bytes) {
  SharedRange made{-1, bytes, 0};
  if (backing_ == Backing::Memfd) {
    files_->ours = true;
    made = open_memfd(bytes);
    if (made.fd < 0) return {};
  }
  files_->list.push_back(made);
  ReservedRange range{bytes, made.fd};
  if (!range) rewind(files_->list.size() - 1);
  return range;
}

ReservedRange Ranges::map(const SharedRange& made) const {
  ReservedRange range;
#if defined(__linux__)
  const std::string path = "/proc/" + std::to_string(process_) + "/fd/" + std::to_string(made.fd);
  const std::string expected = "/memfd:" + memfd_name(made.key) + " (deleted)";
  std::string found(expected.size() + 1, '\0');
  const ssize_t length = readlink(path.c_str(), found.data(), found.size());
  if (length < 0 || found.substr(0, static_cast<std::size_t>(length)) != expected) return range;
  const int fd = open(path.c_str(), O_RDWR | O_CLOEXEC);
  struct stat status{};
  if (fd >= 0 && fstat(fd, &status) == 0 && std::cmp_equal(status.st_size, made.bytes))
    range = ReservedRange{made.bytes, fd};
  if (fd >= 0) ::close(fd);  // the mapping stays
#else
  (void)made;
#endif
  return range;
}

void Ranges::rewind(std::size_t count) noexcept {
  if (!attaches()) {
    files_->close_from(count);
    files_->list.resize(count);
  }
  next_ = count;
}

void Ranges::Files::close_from(std::size_t first) noexcept {
  for (std::size_t i = first; i < list.size(); ++i) {
    const int fd = std::exchange(list[i].fd, -1);
    if (fd >= 0) ::close(fd);
  }
}

}  // namespace loadgen
