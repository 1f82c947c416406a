/* SPDX-License-Identifier: Apache-2.0 */
/* loadgen.h - systems under test in C, C++, Rust, or whatever else makes C functions.
 *
 * A native system gets its samples from the issuing thread and answers them from any thread, with no Python in
 * between. It includes this header and links with nothing: it gets all functions in a table (`loadgen_api`), with
 * each batch and in `start`.
 *
 *     static int issue(void *user_data, const loadgen_batch *batch) {
 *       // ... compute batch->count samples, batch->indices[0] and so on ...
 *       return batch->api->complete(batch->run, batch->first_id, batch->count);
 *     }
 *
 * In Python: `loadgen.NativeSUT(issue)` with the address of this function, or `loadgen.NativeSUT.from_struct(p)` with
 * the address of a `loadgen_sut`. `loadgen.get_include()` is the folder of this file.
 *
 * Samples. Each issued sample has an id, which is never 0. Those of a batch are first_id, first_id + 1, ... up to
 * count, so an id can be kept, sliced and answered by itself. A batch is one query; under Server with coalescing it
 * is all queries that are late together.
 *
 * Time. Instants are ns of CLOCK_MONOTONIC. Every function that answers reads the clock before it does anything else.
 * On a virtual clock (loadgen.testing) a system must answer in `issue` or `flush`, from no thread of its own.
 *
 * Threads. `start`, `issue`, `flush` and `stop` are called by the library, and `issue` by several threads at once
 * where settings ask for issue_threads. Nobody can interrupt them: while one does not return, neither does the run. The
 * functions of `loadgen_api` may be called from any thread at any time, in `issue` too, with a run that has ended too:
 * then they return LOADGEN_E_ENDED. None blocks, but `answer` of bytes that come faster than a log takes them.
 * In a process that was forked from the run's all runs have ended.
 *
 * Errors. What the functions of `loadgen_api` return is for the system's own use; a wrong id is counted by the
 * library as a violation whether anybody looks or not, and makes the run INVALID. An answer between the run's end and
 * the return of `stop` is late, and counted as well. What no function can know: pointers that point to nothing.
 *
 * Compatibility. Structures begin with their size and the version of this interface, grow only at their end, and
 * numbers keep their meaning. What grows does not raise LOADGEN_ABI_VERSION; what breaks does.
 */
#ifndef LOADGEN_H
#define LOADGEN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Version of this interface. */
#define LOADGEN_ABI_VERSION 1u

/* What the functions of loadgen_api return. */
#define LOADGEN_OK 0
#define LOADGEN_E_NULL (-1)  /* a pointer that is needed is null */
#define LOADGEN_E_ENDED (-2) /* the run is over; what did not count before will not */
#define LOADGEN_E_ID (-3)    /* at least one id was not this run's, or had its answer, or came late; the others count */
#define LOADGEN_E_ARGUMENT (-4) /* a size, version or number that cannot be; nothing was done */

/* A run, from `start` on. Opaque. It is never freed, so that late threads do no harm (700 bytes for each run). */
typedef struct loadgen_run loadgen_run;

typedef struct loadgen_api loadgen_api;

/* Samples to answer. The structure is valid during the call; ids and `run` for ever; `indices` until `stop` returns, or
 * with recording="histogram" until the samples are answered: their place is used again after that. */
typedef struct loadgen_batch {
  uint32_t struct_size;   /* bytes of this structure, as the library knows it */
  uint32_t abi_version;   /* LOADGEN_ABI_VERSION of the library */
  const loadgen_api* api; /* valid until the process ends */
  loadgen_run* run;
  uint64_t first_id;       /* ids are first_id ... first_id + count - 1 */
  uint64_t count;          /* samples, at least 1 */
  const uint32_t* indices; /* [count] which samples of the dataset */
} loadgen_batch;

/* One sample's answer with what belongs to it. */
typedef struct loadgen_answer {
  uint32_t struct_size; /* set it to sizeof(loadgen_answer) */
  uint32_t reserved;    /* 0 */
  uint64_t id;
  const void* data; /* [size] bytes for the accuracy log; copied before the call returns. Null: none */
  size_t size;      /* 0 ... 2^32 - 1 */
  int64_t n_tokens; /* tokens of the answer, at least 1; 0: as counted by first_token and tokens. Below: a violation */
} loadgen_answer;

/* What a native system can do with a run. Costs are of an idle machine, for orders of magnitude. */
struct loadgen_api {
  uint32_t struct_size; /* bytes of this structure, as the library knows it: what lies beyond is not there */
  uint32_t abi_version;

  /* Answers `count` samples from `first_id` on, at the present instant. Cost: 35 ns and 7 ns a sample.
   * Returns LOADGEN_OK, LOADGEN_E_NULL (run), LOADGEN_E_ENDED, LOADGEN_E_ID. */
  int (*complete)(loadgen_run* run, uint64_t first_id, uint64_t count);

  /* Answers `n` samples in any order. `ids` [n] may be null where n is 0. Cost and errors as `complete`. */
  int (*complete_ids)(loadgen_run* run, const uint64_t* ids, size_t n);

  /* Answers one sample with bytes and a token count. Bytes are copied where the run keeps them (accuracy runs, and the
   * samples that an accuracy log chose); elsewhere they are not looked at. Where a log takes them slower than they come
   * it blocks, until there is room or the log has taken nothing for a minute. Returns what `complete` does, and
   * LOADGEN_E_ARGUMENT (struct_size, reserved, size) and LOADGEN_E_NULL (also: data, where size is not 0), with which
   * nothing was done. */
  int (*answer)(loadgen_run* run, const loadgen_answer* answer);

  /* Says that the first token of samples is there; counted as one token. Does nothing in runs without tokens.
   * Returns LOADGEN_OK, LOADGEN_E_NULL, LOADGEN_E_ENDED, LOADGEN_E_ID (not issued, repeated, or answered). */
  int (*first_token)(loadgen_run* run, uint64_t first_id, uint64_t count);

  /* Says that `n` >= 1 further tokens of each of `count` samples are there: one arrival, as far as times between tokens
   * go. Without an earlier `first_token` it is the first token as well. Errors as `first_token`, and LOADGEN_E_ARGUMENT
   * (n = 0). */
  int (*tokens)(loadgen_run* run, uint64_t first_id, uint64_t count, uint32_t n);

  /* Says that samples will have no answer. `kind` is what failures are counted by, and `message` is kept of the first
   * of a kind; both UTF-8, copied; null: "error" and "". Takes a lock. Errors as `complete`. */
  int (*fail)(loadgen_run* run, uint64_t first_id, uint64_t count, const char* kind, const char* message);

  /* Ends the run at once: nothing more is issued, no answer is waited for, the result is INVALID and has `reason`
   * (UTF-8, copied; null: ""); the first reason stands. Takes a lock. Returns LOADGEN_OK, LOADGEN_E_NULL,
   * LOADGEN_E_ENDED. */
  int (*abort_run)(loadgen_run* run, const char* reason);

  /* The run's clock, in ns: CLOCK_MONOTONIC, or simulated time. 0 where the run is null or over. Cost: 30 ns. */
  int64_t (*now_ns)(loadgen_run* run);
};

/* A native system. Functions return 0, or anything else to end the run with an error that has the number; of `issue`
 * under on_error="fail", that fails its samples which have no answer yet. All but `issue` may be null. A C++ exception
 * must not leave them. */
typedef struct loadgen_sut {
  uint32_t struct_size; /* set it to sizeof(loadgen_sut) */
  uint32_t abi_version; /* set it to LOADGEN_ABI_VERSION */
  const char* name;     /* UTF-8, for results and logs; null: "NativeSUT" */
  void* user_data;      /* handed to every function */

  /* Before the run: samples are loaded, no clock is running. Called by the thread that called loadgen.run(). */
  int (*start)(void* user_data, const loadgen_api* api, loadgen_run* run);
  /* Samples to answer, now or later, here or in another thread. What it takes to return delays what is due next. */
  int (*issue)(void* user_data, const loadgen_batch* batch);
  /* No more samples of the loaded set will come; answer what is being collected. From the issuing thread. */
  int (*flush)(void* user_data);
  /* After the run, always where `start` was called, also when it failed. Stop threads here. By the thread that called
   * `start`. */
  int (*stop)(void* user_data);
} loadgen_sut;

/* The table, as the extension exports it, for who looks it up by dlsym() and has no batch yet. Null where the library
 * does not have that version. Any thread, at any time. */
const loadgen_api* loadgen_get_api(uint32_t abi_version);

#ifdef __cplusplus
}
#endif

#endif /* LOADGEN_H */
