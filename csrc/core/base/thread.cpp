// SPDX-License-Identifier: Apache-2.0
#include "base/thread.hpp"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <system_error>

#if defined(__linux__)
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace loadgen {

#if defined(__linux__)

namespace {

// struct sched_attr of the kernel's interface; the C library of older systems has none.
struct SchedulerAttributes {
  std::uint32_t size;
  std::uint32_t policy;
  std::uint64_t flags;
  std::int32_t nice;
  std::uint32_t priority;
  std::uint64_t runtime;
  std::uint64_t deadline;
  std::uint64_t period;
};

constexpr std::uint64_t kSliceNs = 100'000;

bool get_attributes(SchedulerAttributes& attributes) noexcept {
  return syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) == 0;
}

bool set_attributes(SchedulerAttributes attributes) noexcept {
  attributes.size = sizeof attributes;
  return syscall(SYS_sched_setattr, 0, &attributes, 0) == 0;
}

}  // namespace

struct ScopedThreadSetup::Saved {
  SchedulerAttributes scheduler{};
  cpu_set_t cpus{};
  int timer_slack = -1;
  bool scheduler_changed = false;
  bool cpus_changed = false;
};

ScopedThreadSetup::ScopedThreadSetup(const ThreadRequest& request) : saved_{std::make_unique<Saved>()} {
  saved_->timer_slack = prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0);
  prctl(PR_SET_TIMERSLACK, 1UL, 0, 0, 0);
  set_priority(request.priority);
  if (request.cpu) set_cpu(*request.cpu);
}

void ScopedThreadSetup::set_priority(Priority priority) noexcept {
  Saved& saved = *saved_;
  if (!get_attributes(saved.scheduler)) {
    priority_granted_ = priority == Priority::Normal;
    return;
  }
  SchedulerAttributes wanted = saved.scheduler;
  if (priority == Priority::Realtime) {
    wanted.policy = SCHED_FIFO;
    wanted.nice = 0;
    wanted.priority = 1;
    wanted.runtime = 0;
  } else if (saved.scheduler.policy == SCHED_OTHER) {
    wanted.runtime = kSliceNs;
    if (priority == Priority::High) wanted.nice = -20;
  } else {
    return;  // the user chose another class for this thread: it stays
  }
  saved.scheduler_changed = set_attributes(wanted);
  priority_granted_ = saved.scheduler_changed || priority == Priority::Normal;
}

void ScopedThreadSetup::set_cpu(int cpu) noexcept {
  Saved& saved = *saved_;
  cpu_set_t one;
  CPU_ZERO(&one);
  if (cpu >= 0 && cpu < CPU_SETSIZE) CPU_SET(static_cast<std::size_t>(cpu), &one);
  saved.cpus_changed =
      sched_getaffinity(0, sizeof saved.cpus, &saved.cpus) == 0 && sched_setaffinity(0, sizeof one, &one) == 0;
  cpu_granted_ = saved.cpus_changed;
}

ScopedThreadSetup::~ScopedThreadSetup() {
  const Saved& saved = *saved_;
  if (saved.timer_slack >= 0) prctl(PR_SET_TIMERSLACK, static_cast<unsigned long>(saved.timer_slack), 0, 0, 0);
  if (saved.scheduler_changed) set_attributes(saved.scheduler);
  if (saved.cpus_changed) sched_setaffinity(0, sizeof saved.cpus, &saved.cpus);
}

void name_thread(const char* name) noexcept { pthread_setname_np(pthread_self(), name); }

std::optional<Duration> run_queue_delay() noexcept {
  const int file = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
  if (file < 0) return std::nullopt;
  char text[96];  // ns on a processor, ns ready to run, times on a processor
  const ssize_t length = read(file, text, sizeof text);
  close(file);
  if (length <= 0) return std::nullopt;
  const char* const end = text + length;
  const char* const space = std::find<const char*>(text, end, ' ');
  if (space == end) return std::nullopt;
  std::int64_t ready = 0;
  return std::from_chars(space + 1, end, ready).ec == std::errc{} ? std::optional{Duration{ready}} : std::nullopt;
}

std::optional<ThreadUsage> thread_usage() noexcept {
  rusage used{};
  if (getrusage(RUSAGE_THREAD, &used) != 0) return std::nullopt;
  return ThreadUsage{thread_cpu_time(), run_queue_delay(), used.ru_nvcsw,
                     used.ru_nivcsw,    used.ru_minflt,    used.ru_majflt};
}

#else

struct ScopedThreadSetup::Saved {};
ScopedThreadSetup::ScopedThreadSetup(const ThreadRequest& request)
    : priority_granted_{request.priority == Priority::Normal}, cpu_granted_{!request.cpu} {}
ScopedThreadSetup::~ScopedThreadSetup() = default;
void ScopedThreadSetup::set_priority(Priority) noexcept {}
void ScopedThreadSetup::set_cpu(int) noexcept {}
void name_thread(const char*) noexcept {}
std::optional<Duration> run_queue_delay() noexcept { return std::nullopt; }
std::optional<ThreadUsage> thread_usage() noexcept { return std::nullopt; }

#endif

ThreadUsage& ThreadUsage::operator+=(const ThreadUsage& other) noexcept {
  cpu += other.cpu;
  if (run_queue_delay && other.run_queue_delay)
    *run_queue_delay += *other.run_queue_delay;
  else
    run_queue_delay.reset();  // that of some threads is not that of all
  voluntary_switches += other.voluntary_switches;
  involuntary_switches += other.involuntary_switches;
  minor_faults += other.minor_faults;
  major_faults += other.major_faults;
  return *this;
}

ThreadUsage ThreadUsage::since(const ThreadUsage& earlier) const noexcept {
  ThreadUsage used = *this;
  used.cpu -= earlier.cpu;
  if (used.run_queue_delay && earlier.run_queue_delay)
    *used.run_queue_delay -= *earlier.run_queue_delay;
  else
    used.run_queue_delay.reset();
  used.voluntary_switches -= earlier.voluntary_switches;
  used.involuntary_switches -= earlier.involuntary_switches;
  used.minor_faults -= earlier.minor_faults;
  used.major_faults -= earlier.major_faults;
  return used;
}

Duration thread_cpu_time() noexcept {
  timespec used{};
  if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used) != 0) return Duration{0};
  return std::chrono::seconds{used.tv_sec} + std::chrono::nanoseconds{used.tv_nsec};
}

}  // namespace loadgen
