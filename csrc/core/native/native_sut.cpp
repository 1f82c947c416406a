// SPDX-License-Identifier: Apache-2.0
#include "native/native_sut.hpp"

#include <string>

#include "native/api.hpp"

namespace loadgen {

int do_nothing(void* /*user_data*/, const loadgen_batch* batch) noexcept {
  return batch->api->complete(batch->run, batch->first_id, batch->count);
}

NativeCalls::NativeCalls(const loadgen_sut& sut, loadgen_run& run, Record& record, bool fail_on_error,
                         const SutCalls& waiting) noexcept
    : sut_{sut}, run_{run}, record_{record}, fail_on_error_{fail_on_error}, waiting_{waiting} {
  calls_.user = this;
  calls_.own_thread = record.clock().virtual_clock() == nullptr;
  calls_.issue = [](void* user, RowRange rows) { return static_cast<NativeCalls*>(user)->issue(rows); };
  calls_.warm = [](void* user) {
    const auto& self = *static_cast<NativeCalls*>(user);
    __builtin_prefetch(reinterpret_cast<const void*>(self.sut_.issue));
    __builtin_prefetch(self.sut_.user_data);
    native_api().complete(&self.run_, 0, 0);  // the way that an answer goes, with no sample
    return true;
  };
  if (sut_.flush != nullptr) {
    calls_.flush = [](void* user) {
      auto& self = *static_cast<NativeCalls*>(user);
      return self.ended_well("flush", self.sut_.flush(self.sut_.user_data));
    };
  }
  if (waiting_.poll != nullptr) {
    calls_.poll = [](void* user) {
      const SutCalls& others = static_cast<NativeCalls*>(user)->waiting_;
      return others.poll(others.user);
    };
  }
}

bool NativeCalls::issue(RowRange rows) noexcept {
  const loadgen_batch batch{
      sizeof(loadgen_batch),       LOADGEN_ABI_VERSION, &native_api(), &run_, record_.id_of(rows.first), rows.count,
      record_.index_at(rows.first)};
  const int code = sut_.issue(sut_.user_data, &batch);
  if (code == 0 || !fail_on_error_) [[likely]]
    return ended_well("issue", code);
  record_.fail_open(rows, record_.clock().now(), "issue() returned " + std::to_string(code), "");
  return true;
}

bool NativeCalls::ended_well(const char* function, int code) noexcept {
  if (code == 0) [[likely]]
    return true;
  // relaxed: read when the issuing threads have ended
  if (!failed_.exchange(true, std::memory_order_relaxed)) {
    failed_function_ = function;
    failed_code_ = code;
  }
  return false;
}

}  // namespace loadgen
