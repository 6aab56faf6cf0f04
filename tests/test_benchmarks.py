"""The benchmarks run end to end; no time is judged here, machines and days differ."""

import importlib.util
import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def load(name):
    spec = importlib.util.spec_from_file_location(name, BENCHMARKS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


timing = load("timing")


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    """What `attention.py --quick` prints, and what it writes."""
    path = tmp_path_factory.mktemp("bench") / "new" / "attention.json"
    script = BENCHMARKS / "attention.py"
    done = subprocess.run(
        [sys.executable, str(script), "--quick", "--json", str(path)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout, json.loads(path.read_text())


def test_every_row_is_measured_and_shown(quick):
    table, records = quick
    for record in records:
        assert math.isfinite(record["measured"]), record
        assert record["what"] in table
        assert isinstance(record["holds"], bool)


@pytest.mark.parametrize(
    "what",
    [
        "attend / torch formula",
        "tiled_attend / attend",
        "tiled_attend / SDPA",
        "attend: slope of memory",
        "tiled_attend: slope of memory",
        "full attention: slope of time",
        "sliding window: slope of time",
        "linear attention: slope of time",
        "attention core / SDPA",
        "decoding: growth of the rest",
        "FLOPs, 8 groups: formula / real",
        "KV cache, 2 groups: formula / real",
    ],
)
def test_each_promise_has_a_row(quick, what):
    _, records = quick
    assert what in [record["what"] for record in records]


def test_what_is_counted_and_not_timed_holds_even_in_a_quick_run(quick):
    _, records = quick
    counted = [record for record in records if "formula / real" in record["what"]]
    assert len(counted) == 6
    assert all(record["holds"] for record in counted), counted


@pytest.mark.parametrize("power", [0.5, 1, 2])
def test_the_slope_of_a_power_law_is_its_exponent(power):
    sizes = np.array([3.0, 7.0, 50.0])
    assert timing.slope(sizes, 11 * sizes**power) == pytest.approx(power)


@pytest.mark.parametrize(
    ("least", "most", "wanted", "holds"),
    [
        (None, None, "", True),
        (None, 2, "at most 2", False),
        (2, None, "at least 2", True),
        (2, 4, "2 to 4", True),
        (4, 5, "4 to 5", False),
    ],
)
def test_a_row_says_what_it_wants_and_whether_it_holds(least, most, wanted, holds):
    row = timing.Row("what", "7", 3.0, least, most)
    assert (row.wanted, row.holds) == (wanted, holds)


def test_works_are_run_in_turn():
    order = []
    times = timing.seconds(2, a=lambda: order.append("a"), b=lambda: order.append("b"))
    assert order == ["a", "b", "a", "b"]
    assert all(0 <= time < math.inf for time in times.values())


def test_extra_bytes_are_those_beyond_the_result():
    def work():
        passing = np.ones(50_000)  # 400 kB
        return passing[:1000] * 2

    assert timing.extra_bytes(work) == pytest.approx(400_000, rel=0.05)
