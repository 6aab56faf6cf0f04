"""The benchmark of grading runs end to end.

No time is judged here: machines and days differ.
"""

import importlib.util
import json
import math
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from attn_course.judge.sandbox import CannotSandbox, require

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def load(name):
    path = BENCHMARKS / "grading_parts" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


scores, stages, memory = load("scores"), load("stages"), load("memory")


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    """What `grading.py --quick` prints, and what it writes."""
    try:
        require()
    except CannotSandbox as error:
        pytest.skip(str(error))
    path = tmp_path_factory.mktemp("bench") / "new" / "grading.json"
    done = subprocess.run(
        [sys.executable, BENCHMARKS / "grading.py", "--quick", "--json", path],
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
    ("what", "wanted"),
    [
        ("ours: times as fast as stock", "at least 12"),
        ("ours: share of the limit, CPU", ""),
        ("ours, nothing to do: wall, s", ""),
        ("submissions a second, end by beginning", "at least 0.9"),
        ("grader: growth of its peak", "at most 1.05"),
        ("worker and its sandbox, unshared: MiB", "at most 150"),
        ("where: feedback page, ms", ""),
        ("where: sandbox and fork, and their end, ms", ""),
        ("simulated: width that the writer keeps up with", ""),
        ("simulated, 1024 workers: hours", ""),
    ],
)
def test_each_promise_has_a_row(quick, what, wanted):
    _, records = quick
    assert [r["wanted"] for r in records if r["what"] == what] == [wanted]


def test_two_workers_of_a_cluster_are_held_against_one(quick):
    _, records = quick
    found = [r["wanted"] for r in records if "efficiency of two" in r["what"]]
    assert sorted(found) == ["", "at least 0.9"]


def test_all_scores_are_the_same_even_in_a_quick_run(quick):
    _, records = quick
    differing = [r for r in records if r["what"].startswith("scores that differ")]
    assert len(differing) == 4
    assert all(r["holds"] and r["measured"] == 0 for r in differing), differing
    compared = [r for r in records if r["what"].startswith("scores compared")]
    assert len(compared) == 3
    assert all(r["measured"] > 0 for r in compared)


def test_a_score_that_only_one_has_differs():
    one = {("ada", "a-1"): 2.0, ("ada", "a-2"): 1.0, ("bob", "a-1"): 0.0}
    other = {("ada", "a-1"): 2.0, ("ada", "a-2"): 3.0, ("eve", "a-1"): 0.0}
    assert scores.differing(one, one) == 0
    assert scores.differing(one, other) == 3
    assert scores.by_exercise(one) == {("ada", "a"): 3.0, ("bob", "a"): 0.0}


def test_a_stage_within_another_counts_for_itself_alone():
    clock = stages.Stages()
    inner = clock.timed(lambda: time.sleep(0.06), "inner")
    clock.timed(lambda: (time.sleep(0.02), inner()), "outer")()
    found = clock.start_afresh()
    assert found["inner"] >= 0.06 > found["outer"] >= 0.02
    assert clock.start_afresh().keys() == {stages.REST}


def test_a_whole_stage_takes_in_what_runs_within_it():
    clock = stages.Stages()
    clock.whole.add("outer")
    inner = clock.timed(lambda: time.sleep(0.02), "inner")
    clock.timed(inner, "outer")()
    found = clock.start_afresh()
    assert "inner" not in found
    assert found["outer"] >= 0.02


def test_the_peak_is_no_less_than_what_is_held_now():
    held = psutil.Process().memory_info().rss / 2**20
    assert memory.peak() >= 0.95 * held  # the system counts some pages late
