// SPDX-License-Identifier: Apache-2.0
#include "plan/sample_source.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <vector>

using loadgen::LoadedSet;
using loadgen::SampleOrder;
using loadgen::SampleSource;
using loadgen::SampleSourceSettings;
using loadgen::Scenario;

using Samples = std::vector<std::uint32_t>;

namespace {

const LoadedSet kFive{.samples = {12, 10, 14, 11, 13}, .end = 5};

SampleSourceSettings sequential(Scenario scenario, std::uint64_t samples_per_query = 1) {
  return {.scenario = scenario, .order = SampleOrder::Sequential, .samples_per_query = samples_per_query};
}

Samples take(const SampleSourceSettings& settings, const LoadedSet& set, std::size_t n) {
  SampleSource source{settings, set};
  Samples samples(n);
  source.take(samples);
  return samples;
}

}  // namespace

TEST_CASE("the sequential order is the data set's, whatever the load order is") {
  const Samples twelve{10, 11, 12, 13, 14, 10, 11, 12, 13, 14, 10, 11};
  for (const Scenario scenario : {Scenario::SingleStream, Scenario::Server, Scenario::Concurrent})
    CHECK(take(sequential(scenario), kFive, 12) == twelve);
  CHECK(take(sequential(Scenario::Offline, 12), kFive, 12) == twelve);
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    SampleSourceSettings settings = sequential(Scenario::Server);
    settings.sample_index_seed = seed;
    CHECK(take(settings, kFive, 12) == twelve);
  }
}

TEST_CASE("MultiStream's queries of the sequential order follow each other, also where they are longer than the set") {
  const LoadedSet padded{.samples = {12, 10, 14, 11, 13, 12, 10}, .end = 5};
  CHECK(take(sequential(Scenario::MultiStream, 3), padded, 12) ==
        Samples{10, 11, 12, 13, 14, 10, 11, 12, 13, 14, 10, 11});
  const LoadedSet short_set{.samples = {8, 7, 8, 7, 8, 7}, .end = 2};
  CHECK(take(sequential(Scenario::MultiStream, 5), short_set, 10) == Samples{7, 8, 7, 8, 7, 8, 7, 8, 7, 8});
}

TEST_CASE("samples that are passed over are none of those that come") {
  SampleSource source{sequential(Scenario::Offline, 12), kFive};
  source.skip(6);
  Samples samples(2);
  source.take(samples);
  CHECK(samples == Samples{11, 12});
}

TEST_CASE("accuracy series of the sequential order are those of the random one") {
  for (SampleSourceSettings settings : {sequential(Scenario::Server), sequential(Scenario::Offline, 5)}) {
    settings.accuracy = true;
    const Samples found = take(settings, kFive, 5);
    settings.order = SampleOrder::Random;
    CHECK(found == take(settings, kFive, 5));
    CHECK(found != Samples{10, 11, 12, 13, 14});
  }
}
