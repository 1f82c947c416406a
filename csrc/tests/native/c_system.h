/* SPDX-License-Identifier: Apache-2.0 */
/* A system in C for the tests of native/. */
#ifndef LOADGEN_TESTS_C_SYSTEM_H
#define LOADGEN_TESTS_C_SYSTEM_H

#include "loadgen.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What it saw. */
typedef struct c_system_counts {
  uint64_t started;
  uint64_t samples;
  uint64_t sum_of_indices;
  uint64_t flushes;
  uint64_t stopped;
} c_system_counts;

/* A system that answers in issue(), sample by sample; what it sees is counted in `counts`. */
loadgen_sut c_system(c_system_counts* counts);

#ifdef __cplusplus
}
#endif

#endif /* LOADGEN_TESTS_C_SYSTEM_H */
