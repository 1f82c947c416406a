/* SPDX-License-Identifier: Apache-2.0 */
/* Systems in C for test_native_sut.py, good and bad. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "loadgen.h"

/* What a system keeps of its run; the user_data of all of them. Zero at the beginning. */
typedef struct kept {
  const loadgen_api* api;
  loadgen_run* run;
  uint64_t first_id;
  uint64_t count;
  uint64_t calls;
  uint64_t flushes;
  uint64_t stops;
  int64_t outcome; /* of what the test is about */
  uint64_t issuing_thread;
  uint64_t starting_thread;
  uint64_t slow_ms;
} kept;

static void keep(kept* self, const loadgen_batch* batch) {
  self->api = batch->api;
  self->run = batch->run;
  self->first_id = batch->first_id;
  self->count = batch->count;
  self->issuing_thread = (uint64_t)pthread_self();
  ++self->calls;
}

static int complete(const loadgen_batch* batch) {
  return batch->api->complete(batch->run, batch->first_id, batch->count);
}

int start_keep(void* user, const loadgen_api* api, loadgen_run* run) {
  kept* self = user;
  self->starting_thread = (uint64_t)pthread_self();
  self->outcome = api->abi_version == LOADGEN_ABI_VERSION && api->now_ns(run) > 0;
  return 0;
}
int start_11(void* user, const loadgen_api* api, loadgen_run* run) {
  (void)user, (void)api, (void)run;
  return 11;
}
int flush_count(void* user) {
  ++((kept*)user)->flushes;
  return 0;
}
int flush_12(void* user) {
  (void)user;
  return 12;
}
int stop_count(void* user) {
  ++((kept*)user)->stops;
  return 0;
}
int stop_13(void* user) {
  (void)user;
  return 13;
}
/* Answers the last batch. */
int answer_late(void* user) {
  kept* self = user;
  self->outcome = self->api->complete(self->run, self->first_id, self->count);
  return 0;
}
int stop_abort(void* user) {
  kept* self = user;
  self->outcome = self->api->abort_run(self->run, "too late to give up");
  return 0;
}

int issue(void* user, const loadgen_batch* batch) {
  keep(user, batch);
  return complete(batch);
}
int issue_never(void* user, const loadgen_batch* batch) {
  keep(user, batch);
  return 0;
}
int issue_wrong_id(void* user, const loadgen_batch* batch) {
  const uint64_t wrong[] = {0, 1, batch->first_id + batch->count, UINT64_MAX};
  keep(user, batch);
  ((kept*)user)->outcome = batch->api->complete_ids(batch->run, wrong, 4);
  return complete(batch);
}
int issue_twice(void* user, const loadgen_batch* batch) {
  keep(user, batch);
  complete(batch);
  ((kept*)user)->outcome = complete(batch);
  return 0;
}
int issue_7(void* user, const loadgen_batch* batch) {
  keep(user, batch);
  if (((kept*)user)->calls == 5) return 7;
  return complete(batch);
}
int issue_slow(void* user, const loadgen_batch* batch) {
  const kept* self = user;
  const struct timespec pause = {(time_t)(self->slow_ms / 1000), (long)(self->slow_ms % 1000) * 1000000};
  keep(user, batch);
  nanosleep(&pause, NULL);
  return complete(batch);
}
/* Has Ctrl-C pressed in call number 5, which is slow. */
int issue_ctrl_c(void* user, const loadgen_batch* batch) {
  if (((kept*)user)->calls != 4) return issue(user, batch);
  kill(getpid(), SIGINT);
  return issue_slow(user, batch);
}
int issue_abort(void* user, const loadgen_batch* batch) {
  keep(user, batch);
  if (((kept*)user)->calls < 5) return complete(batch);
  return batch->api->abort_run(batch->run, "the d\xe9vice is too hot");
}
/* What cannot be UTF-8 in kind and message, for each tenth query. */
int issue_fail(void* user, const loadgen_batch* batch) {
  keep(user, batch);
  if (((kept*)user)->calls % 10 != 0) return complete(batch);
  return batch->api->fail(batch->run, batch->first_id, batch->count, "caf\xe9", "\xff");
}
int issue_tokens(void* user, const loadgen_batch* batch) {
  const loadgen_api* api = batch->api;
  keep(user, batch);
  if (api->first_token(batch->run, batch->first_id, batch->count) != LOADGEN_OK) return 1;
  if (api->tokens(batch->run, batch->first_id, batch->count, 4) != LOADGEN_OK) return 2;
  return complete(batch);
}
/* "sample 7", and as many tokens as its index says and one. */
int issue_answer(void* user, const loadgen_batch* batch) {
  keep(user, batch);
  for (uint64_t i = 0; i < batch->count; ++i) {
    char text[32];
    const int length = snprintf(text, sizeof text, "sample %u", (unsigned)batch->indices[i]);
    const loadgen_answer answer = {sizeof answer, 0, batch->first_id + i, text, (size_t)length, batch->indices[i] + 1};
    const int outcome = batch->api->answer(batch->run, &answer);
    if (outcome != LOADGEN_OK) return outcome;
  }
  return 0;
}
/* 2 MiB each, all bytes alike. */
int issue_much(void* user, const loadgen_batch* batch) {
  const size_t size = (size_t)2 << 20;
  char* bytes = malloc(size);
  keep(user, batch);
  for (uint64_t i = 0; i < batch->count; ++i) {
    const loadgen_answer answer = {sizeof answer, 0, batch->first_id + i, bytes, size, 0};
    memset(bytes, (int)batch->indices[i], size);
    if (batch->api->answer(batch->run, &answer) != LOADGEN_OK) return 1;
  }
  free(bytes);
  return 0;
}

static void* complete_all(void* batch) {
  complete(batch);
  return NULL;
}
/* Four threads answer the same batch at once, while issue() waits for them. */
int issue_four_at_once(void* user, const loadgen_batch* batch) {
  pthread_t threads[4];
  keep(user, batch);
  for (int i = 0; i < 4; ++i) pthread_create(&threads[i], NULL, complete_all, (void*)batch);
  for (int i = 0; i < 4; ++i) pthread_join(threads[i], NULL);
  return 0;
}

/* Forks in call number 5; the outcome is what the child is told. */
int issue_fork(void* user, const loadgen_batch* batch) {
  kept* self = user;
  keep(self, batch);
  if (self->calls == 5) {
    int status = 0;
    const pid_t child = fork();
    if (child == 0) _exit(-complete(batch));
    waitpid(child, &status, 0);
    self->outcome = -WEXITSTATUS(status);
  }
  return complete(batch);
}

/* A system that exports a structure, and answers from two threads of its own. */
typedef struct pool {
  pthread_mutex_t mutex;
  pthread_cond_t filled;
  pthread_t threads[2];
  loadgen_batch queue[4096];
  size_t n_queued;
  int over;
} pool;

static void* work(void* user) {
  pool* self = user;
  for (;;) {
    pthread_mutex_lock(&self->mutex);
    while (self->n_queued == 0 && !self->over) pthread_cond_wait(&self->filled, &self->mutex);
    if (self->n_queued == 0) break;
    const loadgen_batch batch = self->queue[--self->n_queued];
    pthread_mutex_unlock(&self->mutex);
    complete(&batch);
  }
  pthread_mutex_unlock(&self->mutex);
  return NULL;
}
static int pool_start(void* user, const loadgen_api* api, loadgen_run* run) {
  pool* self = user;
  (void)api, (void)run;
  self->over = 0;
  for (int i = 0; i < 2; ++i) {
    if (pthread_create(&self->threads[i], NULL, work, self) != 0) return 1;
  }
  return 0;
}
static int pool_issue(void* user, const loadgen_batch* batch) {
  pool* self = user;
  pthread_mutex_lock(&self->mutex);
  self->queue[self->n_queued++] = *batch;
  pthread_cond_broadcast(&self->filled);
  pthread_mutex_unlock(&self->mutex);
  return 0;
}
static int pool_stop(void* user) {
  pool* self = user;
  pthread_mutex_lock(&self->mutex);
  self->over = 1;
  pthread_cond_broadcast(&self->filled);
  pthread_mutex_unlock(&self->mutex);
  for (int i = 0; i < 2; ++i) pthread_join(self->threads[i], NULL);
  return 0;
}

static pool the_pool = {.mutex = PTHREAD_MUTEX_INITIALIZER, .filled = PTHREAD_COND_INITIALIZER};
loadgen_sut pool_system = {sizeof(loadgen_sut), LOADGEN_ABI_VERSION, "pool", &the_pool,
                           pool_start,          pool_issue,          NULL,   pool_stop};
