"""Processes that die are replaced; what they were doing is done again, or said."""

import contextlib
import json
from concurrent.futures import wait
from dataclasses import replace

import psutil
import pytest

from attn_course.engine import hand
from attn_course.engine.hand import Died, Hands, MachineFault
from attn_course.engine.jobs import Failed
from attn_course.engine.pool import Pool

from .conftest import ENDLESS, FULL, unit_of

LONG = 60.0  # seconds that are not waited for


@pytest.fixture
def pool():
    pool = Pool(1)
    yield pool
    pool.close()


def at_work(pool, future) -> psutil.Process:
    """Return the process of the pool that has a sandbox with a student's code."""
    while not future.done():
        for each in [*pool.hands.all]:
            with contextlib.suppress(psutil.NoSuchProcess):
                process = psutil.Process(each.process.pid)
                if "bwrap" in {child.name() for child in process.children()}:
                    return process
        wait([future], timeout=0.02)
    raise AssertionError("it was done before it could be seen")


def test_a_job_whose_process_is_killed_is_done_again(pool, course):
    unit = replace(unit_of(course, "ada", doubled=ENDLESS), seconds=2.0)
    future = pool.submit("work", unit.to_json())
    at_work(pool, future).kill()
    text, _ = json.loads(future.result(LONG))
    assert sum(each["points"] for each in json.loads(text)["checks"]) == FULL


def test_to_close_the_pool_ends_what_is_being_done(course):
    pool = Pool(2)
    unit = replace(unit_of(course, "ada", doubled=ENDLESS), seconds=LONG)
    future = pool.submit("work", unit.to_json())
    worker = at_work(pool, future)
    family = [worker, *worker.children(recursive=True)]
    pool.close()
    _, alive = psutil.wait_procs(family, timeout=LONG / 2)
    assert alive == []
    assert isinstance(future.exception(), MachineFault)


def test_what_goes_wrong_in_a_process_is_told_by_name_and_words(pool):
    future = pool.submit("work", "no unit")
    assert isinstance(future.exception(LONG), Failed)
    assert future.exception().kind == "JSONDecodeError"
    assert not future.exception().for_everybody


def test_another_environment_is_refused_before_any_code_runs(pool, course):
    unit = replace(unit_of(course, "ada"), environment="another")
    failure = pool.submit("work", unit.to_json()).exception(LONG)
    assert failure.kind == "OtherEnvironment"
    assert failure.for_everybody


def test_two_deaths_at_one_job_are_the_machines_fault_and_the_next_job_is_done(
    monkeypatch,
):
    deaths = ["first", "second"]

    class Mortal:
        def __init__(self, server): ...

        def do(self, kind, text):
            if deaths:
                raise Died(deaths.pop())
            return text

        def stop(self): ...

        close = stop

    monkeypatch.setattr(hand, "Hand", Mortal)
    hands = Hands()
    with pytest.raises(MachineFault, match="2 workers died"):
        hands.do("work", "deadly")
    assert hands.do("work", "sound") == "sound"
    assert len(hands.all) == 1
