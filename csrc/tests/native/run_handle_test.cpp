// SPDX-License-Identifier: Apache-2.0
#include "native/run_handle.hpp"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fork.hpp"
#include "open_run.hpp"

using namespace loadgen;
using test::api;
using test::OpenRun;

TEST_CASE("closing ends a run that goes on, and closing again does nothing") {
  OpenRun open;
  open.handle->close();
  CHECK(open.run.aborted());
  CHECK(loadgen_run::Visit{*open.handle}.run() == nullptr);
  open.handle->close();
}

TEST_CASE("a forked child finds the run over, and waits for none of its parent's threads") {
  watch_forks();
  OpenRun open;
  const loadgen_run::Visit inside{*open.handle};  // for the child: of a thread that does not exist
  const pid_t child = fork();
  if (child == 0) {
    const bool ended = api.complete(open.handle.get(), open.id(0), 1) == LOADGEN_E_ENDED &&
                       api.now_ns(open.handle.get()) == 0 && !open.handle->abort_reason();
    open.handle->close();
    _exit(ended ? 0 : 1);
  }
  REQUIRE(child > 0);
  int status = -1;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  CHECK(api.complete(open.handle.get(), open.id(0), 1) == LOADGEN_OK);
  CHECK(api.abort_run(open.handle.get(), "over") == LOADGEN_OK);
}
