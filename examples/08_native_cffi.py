# SPDX-License-Identifier: Apache-2.0
"""A system in C, compiled by cffi: a thread of its own answers, with no Python on the path."""

import importlib
import sys
import tempfile

import cffi

import loadgen as lg

SOURCE = r"""
#include <pthread.h>
#include <time.h>
#include <unistd.h>
#include "loadgen.h"

static int queue[2]; /* a pipe */
static pthread_t thread;

static void *work(void *user_data) {
  loadgen_batch batch;
  while (read(queue[0], &batch, sizeof batch) == sizeof batch) {
    const struct timespec model = {0, 500000}; /* ns */
    nanosleep(&model, NULL);
    batch.api->complete(batch.run, batch.first_id, batch.count);
  }
  return NULL;
}
static int start(void *user_data, const loadgen_api *api, loadgen_run *run) {
  return pipe(queue) || pthread_create(&thread, NULL, work, NULL);
}
static int issue(void *user_data, const loadgen_batch *query) { /* copy it: valid in this call */
  return write(queue[1], query, sizeof *query) != sizeof *query;
}
static int stop(void *user_data) {
  close(queue[1]);
  pthread_join(thread, NULL);
  return close(queue[0]);
}
"""

ffi = cffi.FFI()
ffi.cdef("""
typedef ... loadgen_batch; typedef ... loadgen_api; typedef ... loadgen_run;
static int start(void *, const loadgen_api *, loadgen_run *);
static int issue(void *, const loadgen_batch *);
static int stop(void *);
""")
ffi.set_source("_native_system", SOURCE, include_dirs=[lg.get_include()])
with tempfile.TemporaryDirectory() as folder:
    ffi.compile(tmpdir=folder)
    sys.path.insert(0, folder)
    made = importlib.import_module("_native_system")
    functions = {name: made.ffi.addressof(made.lib, name) for name in ("issue", "start", "stop")}
    result = lg.run(lg.NativeSUT(**functions), 100, lg.SingleStream(), min_duration_s=1)
print(result.summary())
