// SPDX-License-Identifier: Apache-2.0
#include "native/native_sut.hpp"

#include "native/api.hpp"

namespace loadgen {

NativeCalls::NativeCalls(const loadgen_sut& sut, loadgen_run& run, Record& record, bool (*poll)(void*),
                         void* poll_user) noexcept
    : sut_{sut}, run_{run}, record_{record}, poll_{poll}, poll_user_{poll_user} {
  calls_.user = this;
  calls_.own_thread = record.clock().virtual_clock() == nullptr;
  calls_.issue = [](void* user, RowRange rows) { return static_cast<NativeCalls*>(user)->issue(rows); };
  calls_.warm = [](void* user) {
    const auto& self = *static_cast<NativeCalls*>(user);
    __builtin_prefetch(reinterpret_cast<const void*>(self.sut_.issue));
    __builtin_prefetch(self.sut_.user_data);
    native_api().complete(&self.run_, 0, 0);  // the way that an answer goes, with no sample
  };
  if (sut_.flush != nullptr) {
    calls_.flush = [](void* user) {
      auto& self = *static_cast<NativeCalls*>(user);
      return self.ended_well("flush", self.sut_.flush(self.sut_.user_data));
    };
  }
  if (poll_ != nullptr) {
    calls_.poll = [](void* user) {
      auto& self = *static_cast<NativeCalls*>(user);
      return self.poll_(self.poll_user_);
    };
  }
}

bool NativeCalls::issue(RowRange rows) noexcept {
  const loadgen_batch batch{
      sizeof(loadgen_batch),       LOADGEN_ABI_VERSION, &native_api(), &run_, record_.id_of(rows.first), rows.count,
      record_.index_at(rows.first)};
  return ended_well("issue", sut_.issue(sut_.user_data, &batch));
}

bool NativeCalls::ended_well(const char* function, int code) noexcept {
  if (code == 0) [[likely]]
    return true;
  failed_function_ = function;
  failed_code_ = code;
  return false;
}

}  // namespace loadgen
