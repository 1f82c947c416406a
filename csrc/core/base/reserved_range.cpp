// SPDX-License-Identifier: Apache-2.0
#include "base/reserved_range.hpp"

#include <fcntl.h>
#include <sys/mman.h>
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

int open_memfd(std::size_t bytes) noexcept {
#if defined(__linux__)
  const int fd = memfd_create("loadgen-record", MFD_CLOEXEC);
  if (fd < 0) return -1;
  if (ftruncate(fd, static_cast<off_t>(bytes)) == 0) return fd;
  ::close(fd);
#else
  (void)bytes;
#endif
  return -1;
}

}  // namespace

ReservedRange::ReservedRange(std::size_t bytes, Backing backing) noexcept {
  int flags = kNoReserve | (backing == Backing::Anonymous ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED);
  if (backing == Backing::Memfd) {
    fd_ = open_memfd(bytes);
    if (fd_ < 0) return;
  }
  void* address = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, flags, fd_, 0);
  if (address == MAP_FAILED) {
    release();
    return;
  }
  data_ = static_cast<std::byte*>(address);
  size_ = bytes;
}

ReservedRange::~ReservedRange() { release(); }

ReservedRange::ReservedRange(ReservedRange&& other) noexcept
    : data_{std::exchange(other.data_, nullptr)},
      size_{std::exchange(other.size_, 0)},
      fd_{std::exchange(other.fd_, -1)} {}

ReservedRange& ReservedRange::operator=(ReservedRange&& other) noexcept {
  if (this != &other) {
    release();
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
    fd_ = std::exchange(other.fd_, -1);
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
  if (madvise(data_ + from, end - from, fd_ < 0 ? MADV_DONTNEED : MADV_REMOVE) == 0) return end;
#endif
  std::memset(data_ + from, 0, end - from);
  return end;
}

ReservedRange ReservedRange::map(int fd, std::size_t bytes) noexcept {
  ReservedRange range;
  void* address = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, kNoReserve | MAP_SHARED, fd, 0);
  if (address == MAP_FAILED) return range;
  range.data_ = static_cast<std::byte*>(address);
  range.size_ = bytes;
  return range;
}

void ReservedRange::release() noexcept {
  if (data_ != nullptr) munmap(data_, size_);
  if (fd_ >= 0) ::close(fd_);
  data_ = nullptr;
  fd_ = -1;
}

ReservedRange Ranges::reserve(std::size_t bytes) {
  if (!attaches()) {
    ReservedRange range{bytes, backing_};
    if (range) made_.push_back({range.fd(), bytes});
    return range;
  }
  if (next_ == made_.size() || made_[next_].bytes != bytes) return {};
  const std::string path = "/proc/" + std::to_string(process_) + "/fd/" + std::to_string(made_[next_].fd);
  const int fd = open(path.c_str(), O_RDWR | O_CLOEXEC);
  struct stat found{};
  ReservedRange range;
  if (fd >= 0 && fstat(fd, &found) == 0 && found.st_size == static_cast<off_t>(bytes)) {
    range = ReservedRange::map(fd, bytes);
    ++next_;
  }
  if (fd >= 0) close(fd);  // the mapping stays
  return range;
}

void Ranges::rewind(std::size_t count) noexcept {
  if (!attaches()) made_.resize(count);
  next_ = count;
}

}  // namespace loadgen
