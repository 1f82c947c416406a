/* SPDX-License-Identifier: Apache-2.0 */
/* A library that knows loadgen.h: a system that answers in issue(). Stands for one that you have. */
#include "loadgen.h"

/* Some work: a checksum of 200,000 bytes. */
static uint32_t checksum(uint32_t seed) {
  uint32_t sum = seed;
  for (uint32_t i = 0; i < 200000; ++i) sum = (sum ^ (i & 0xff)) * 16777619u;
  return sum;
}

static int issue(void* user_data, const loadgen_batch* batch) {
  uint64_t* n_calls = user_data;
  ++*n_calls;
  for (uint64_t i = 0; i < batch->count; ++i) {
    const uint32_t sum = checksum(batch->indices[i]);
    const loadgen_answer answer = {sizeof answer, 0, batch->first_id + i, &sum, sizeof sum, 0};
    const int outcome = batch->api->answer(batch->run, &answer);
    if (outcome != LOADGEN_OK) return outcome;
  }
  return 0;
}

static uint64_t n_calls;

const loadgen_sut* checksum_system(void) {
  static const loadgen_sut sut = {sizeof sut, LOADGEN_ABI_VERSION, "checksum", &n_calls, NULL, issue, NULL, NULL};
  return &sut;
}
