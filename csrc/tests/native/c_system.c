/* SPDX-License-Identifier: Apache-2.0 */
/* Compiled as C11: that loadgen.h is C, and that its structures lie as they did in version 1. */
#include "c_system.h"

/* What is there never moves; what is new comes behind it. */
#define LIES_AT(type, member, place) _Static_assert(offsetof(type, member) == (place), #type "." #member)

LIES_AT(loadgen_batch, struct_size, 0);
LIES_AT(loadgen_batch, abi_version, 4);
LIES_AT(loadgen_batch, api, 8);
LIES_AT(loadgen_batch, run, 16);
LIES_AT(loadgen_batch, first_id, 24);
LIES_AT(loadgen_batch, count, 32);
LIES_AT(loadgen_batch, indices, 40);

LIES_AT(loadgen_answer, struct_size, 0);
LIES_AT(loadgen_answer, reserved, 4);
LIES_AT(loadgen_answer, id, 8);
LIES_AT(loadgen_answer, data, 16);
LIES_AT(loadgen_answer, size, 24);
LIES_AT(loadgen_answer, n_tokens, 32);

LIES_AT(loadgen_api, struct_size, 0);
LIES_AT(loadgen_api, abi_version, 4);
LIES_AT(loadgen_api, complete, 8);
LIES_AT(loadgen_api, complete_ids, 16);
LIES_AT(loadgen_api, answer, 24);
LIES_AT(loadgen_api, first_token, 32);
LIES_AT(loadgen_api, tokens, 40);
LIES_AT(loadgen_api, fail, 48);
LIES_AT(loadgen_api, abort_run, 56);
LIES_AT(loadgen_api, now_ns, 64);

LIES_AT(loadgen_sut, struct_size, 0);
LIES_AT(loadgen_sut, abi_version, 4);
LIES_AT(loadgen_sut, name, 8);
LIES_AT(loadgen_sut, user_data, 16);
LIES_AT(loadgen_sut, start, 24);
LIES_AT(loadgen_sut, issue, 32);
LIES_AT(loadgen_sut, flush, 40);
LIES_AT(loadgen_sut, stop, 48);

static int start(void* user_data, const loadgen_api* api, loadgen_run* run) {
  c_system_counts* counts = user_data;
  ++counts->started;
  return api->now_ns(run) > 0 ? 0 : 1;
}

static int issue(void* user_data, const loadgen_batch* batch) {
  c_system_counts* counts = user_data;
  for (uint64_t i = 0; i < batch->count; ++i) {
    ++counts->samples;
    counts->sum_of_indices += batch->indices[i];
    if (batch->api->complete(batch->run, batch->first_id + i, 1) != LOADGEN_OK) return 1;
  }
  return 0;
}

static int flush(void* user_data) {
  c_system_counts* counts = user_data;
  ++counts->flushes;
  return 0;
}

static int stop(void* user_data) {
  c_system_counts* counts = user_data;
  ++counts->stopped;
  return 0;
}

loadgen_sut c_system(c_system_counts* counts) {
  const loadgen_sut sut = {sizeof(loadgen_sut), LOADGEN_ABI_VERSION, "C", counts, start, issue, flush, stop};
  return sut;
}
