// SPDX-License-Identifier: Apache-2.0
// What the engine calls of a system under test: C function pointers and a user pointer, so that the core holds no
// Python object and a SUT in C has no Python on its path.
#pragma once

#include "record/record.hpp"

namespace loadgen {

/// All calls come from the issuing thread, except `poll` where that is the core's own: then from the one that called
/// run.
struct SutCalls {
  void* user = nullptr;
  /// The core issues on a thread of its own, which never needs what poll() may wait for. Needs the real clock.
  bool own_thread = false;
  /// Around all other calls of a further issuing thread, on that thread. May be null.
  void (*begin_thread)(void* user) = nullptr;
  void (*end_thread)(void* user) = nullptr;
  /// Shortly before a call of issue(), between enter() and leave(): fetches what it needs. Never waits. False: stop, as
  /// for poll(). May be null.
  bool (*warm)(void* user) = nullptr;
  /// Before the issue stamp is read; takes what issue() needs and may block (an interpreter's lock). May be null.
  void (*enter)(void* user) = nullptr;
  /// Hands the rows over. False: the SUT raised and the run stops. Null: pull.
  bool (*issue)(void* user, RowRange rows) = nullptr;
  /// After the last query of a series was issued. Between enter() and leave(). False: the SUT raised. May be null.
  bool (*flush)(void* user) = nullptr;
  /// After issue(); the counterpart of enter(). Null when enter is.
  void (*leave)(void* user) = nullptr;
  /// Called now and then while waiting, and after a signal came. False: stop. May be null.
  bool (*poll)(void* user) = nullptr;
};

}  // namespace loadgen
