# SPDX-License-Identifier: Apache-2.0
"""What a scripted server tells of the requests that it answered."""

from scripted_runs import measure, sample

from loadgen.testing import Script, ScriptedServer
from loadgen.testing.scripted import Answered


def test_each_answer_is_told_once() -> None:
    with ScriptedServer(Script(n_tokens=3)) as server:
        measure(server, [sample(), sample(n_tokens=2), sample(ttft_ms=1, itl_ms=1)])
        found = server.answered()
        assert sorted(each.n_tokens for each in found) == [2, 2, 3, 3]  # the first: the probe's
        assert server.answered() == []
    assert all(each.received_ns <= each.first_ns <= each.last_ns for each in found)


def test_its_instants_keep_to_the_script() -> None:
    with ScriptedServer(Script(n_tokens=3, ttft_ms=5, itl_ms=2)) as server:
        measure(server, ["Hello"], max_tokens=3, probe=False)
        (one,) = server.answered()
    assert isinstance(one, Answered)
    assert one.first_ns - one.received_ns >= 5_000_000  # never before it is due
    assert one.last_ns - one.received_ns >= 9_000_000


def test_whole_answers_have_one_instant_and_broken_ones_none() -> None:
    with ScriptedServer() as server:
        measure(server, [sample(n_tokens=2), sample(fault="status")], stream=False, probe=False)
        measure(server, [sample(fault="half_stream")], probe=False)
        (one,) = server.answered()
    assert one.n_tokens == 2
    assert one.first_ns == one.last_ns
