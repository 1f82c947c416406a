/* SPDX-License-Identifier: Apache-2.0 */
/* The system under test that does nothing, in C: it answers inside issue. */
#include <loadgen.h>

int issue(void* user_data, const loadgen_batch* batch) {
  (void)user_data;
  return batch->api->complete(batch->run, batch->first_id, batch->count);
}
