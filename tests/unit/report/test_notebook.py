# SPDX-License-Identifier: Apache-2.0
"""What a notebook shows of a result: the verdict first, the summary's figures, no foreign HTML."""

import re
from collections.abc import Callable
from html import unescape
from html.parser import HTMLParser

import pytest

from loadgen.comparison import compare
from loadgen.config.scenarios import Concurrent, Server, SingleStream
from loadgen.report import summary
from loadgen.result import DelayFigures, Occurrence, Result, RunData
from loadgen.search import find_peak
from loadgen.testing import FixedSUT, VirtualClock

Make = Callable[..., RunData]
MS, SECOND = 1_000_000, 1_000_000_000


class Balanced(HTMLParser):
    """Fails where a tag is not closed by its own."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def words(html: str) -> str:
    """The text of some HTML, before what is folded up."""
    return unescape(re.sub(r"<[^>]+>", " ", html.partition("<details>")[0]))


def html_of(data: RunData) -> str:
    html = Result(data)._repr_html_()
    Balanced(html)
    return html


def test_verdicts_come_first_then_the_figure_and_the_times(make_run: Make) -> None:
    starts = [100_000 * k for k in range(100)]
    data = make_run(SingleStream(), starts, [start + 1000 * k for k, start in enumerate(starts, 1)])
    html = html_of(data)
    said = " ".join(words(html).split())
    assert said.startswith(
        "System VALID Generator good : its figures can be believed"
        " 90th percentile latency: 91.00 us"
    )
    assert "latency 51.00 us 91.00 us 96.00 us 98.00 us 100.0 us" in said
    assert unescape(html.partition("<pre>")[2]).startswith(summary(Result(data)))


def test_a_bad_generator_comes_before_the_system(make_run: Make) -> None:
    late = DelayFigures(2, 60 * MS, 70 * MS, 80 * MS, 90 * MS, 95 * MS)
    ends = [100 * MS, SECOND + 100 * MS]
    html = html_of(make_run(Server(target_qps=2), [0, SECOND], ends, own_delay=late))
    assert words(html).split()[:2] == ["Generator", "bad"]
    assert "issued" in html.partition("<li>")[2]


def test_what_a_system_says_is_no_html(make_run: Make) -> None:
    evil = '<script>alert("x")</script>'
    data = make_run(
        SingleStream(), [0], [0], status=[1], sut_name=evil, failures={evil: Occurrence(1, evil)}
    )
    html = html_of(data)
    assert "<script" not in html
    assert "&lt;script&gt;" in html


@pytest.mark.parametrize("n_rows", [0, 1, 10])
def test_runs_of_few_samples_and_failed_ones_can_be_shown(make_run: Make, n_rows: int) -> None:
    starts = [MS * k for k in range(n_rows)]
    html = html_of(make_run(SingleStream(), starts, starts, status=[1] * n_rows))
    assert "INVALID" in html
    assert "nan" not in words(html).lower()


def test_a_comparison_begins_with_its_verdict(make_run: Make) -> None:
    rows = [MS * k for k in range(2_000)]
    a, b = (
        Result(make_run(SingleStream(), rows, [at + ns + at % 97 for at in rows], sut_name="<b>"))
        for ns in (10_000, 20_000)
    )
    html = compare(a, b)._repr_html_()
    Balanced(html)
    assert " ".join(words(html).split()).startswith("B against A: slower A <b>")
    assert "<th style" in html
    assert "<b>, 2026" not in html


def test_a_peak_begins_with_the_peak() -> None:
    scenario = Concurrent(1, target_latency_ms=15)
    sut = FixedSUT(latency_ns=10 * MS, servers=4)
    found = find_peak(sut, 8, scenario, clock=VirtualClock(), progress=False)
    html = found._repr_html_()
    Balanced(html)
    assert " ".join(words(html).split()).startswith("Peak 4 outstanding, confirmed by a whole run")
    assert html.count("<pre>") == 1
