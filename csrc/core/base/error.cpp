// SPDX-License-Identifier: Apache-2.0
#include "base/error.hpp"

namespace loadgen {

const char* error_text(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::OutOfMemory:
      return "the system granted no address space for the record, or, to share it, no more open files";
    case ErrorCode::RecordFull:
      return "the record is full: the run has more samples than address space could be reserved for";
    case ErrorCode::SamplesRanOut:
      return "the sample order has run out: each sample may be issued once, and more were asked for";
    case ErrorCode::IndexOutOfRange:
      return "the sample to repeat lies outside the loaded set";
    case ErrorCode::InvalidPlan:
      return "the settings give no traffic: no samples, or a rate that is not a positive number";
    case ErrorCode::InvalidRank:
      return "the rank lies outside the data";
    case ErrorCode::WrongState:
      return "the run is not in a state that allows this call";
    case ErrorCode::WarmUpUnanswered:
      return "a warm-up query was not answered within the drain time-out: nothing has been measured";
    case ErrorCode::ClockInUse:
      return "the virtual clock drives another run that has not ended: take a clock for each run";
    case ErrorCode::VirtualClockPull:
      return "a virtual clock drives push and function delivery only; pull needs the real clock";
    case ErrorCode::NoSharedRecord:
      return "there is no session with this token: it is over, or belongs to another user or container";
    case ErrorCode::TooManyTakers:
      return "255 processes take batches of this session already, and no more can";
  }
  return "unknown error";
}

}  // namespace loadgen
