"""Tasks go on as their answers come, so many at a time, and nothing is kept of them."""

import gc
import weakref
from concurrent.futures import Future

import pytest

from attn_course.engine.flow import AHEAD, flow
from attn_course.engine.jobs import Failed


class Slow:
    """A crew that answers the newest job first, when it has `most` of them."""

    def __init__(self, most: int = 1):
        self.most, self.jobs, self.seen = most, [], 0

    def width(self) -> int:
        return 2

    def submit(self, kind, text):
        future = Future()
        self.jobs.append((future, kind, text))
        self.seen = max(self.seen, len(self.jobs))
        if len(self.jobs) >= self.most:
            self.answer()
        return future

    def answer(self):
        future, kind, text = self.jobs.pop()
        if kind == "fails":
            future.set_exception(Failed("ValueError", text))
        else:
            future.set_result(text.upper())


def asks(name, *jobs):
    answers = []
    for job in jobs:
        answers += yield [job]
    return name, answers


def test_each_task_gets_the_answers_to_what_it_asked():
    tasks = [asks(n, ("do", f"{n}1"), ("do", f"{n}2")) for n in "abcdef"]
    found = dict(flow(tasks, Slow()))
    assert found == {n: [f"{n.upper()}1", f"{n.upper()}2"] for n in "abcdef"}


def test_outcomes_come_in_the_order_in_which_they_are_ready():
    tasks = [asks("slow", ("do", "x")), asks("quick"), asks("other", ("do", "y"))]
    assert next(n for n, _ in flow(tasks, Slow())) == "quick"


def test_only_so_many_are_begun_that_everybody_has_something_to_do():
    begun = []

    def task(number):
        begun.append(number)
        yield [("do", "x")]
        return number

    crew = Slow(most=AHEAD * 2)
    run = flow((task(number) for number in range(1000)), crew)
    next(run)
    assert len(begun) <= AHEAD * 2 + 1
    assert crew.seen <= AHEAD * 2


def test_nothing_is_kept_of_what_is_done():
    class Large:
        pass

    kept = []

    def task(number):
        large = Large()
        kept.append(weakref.ref(large))
        yield [("do", str(number))]
        return number

    run = flow((task(number) for number in range(50)), Slow())
    for _ in range(40):
        next(run)
    gc.collect()
    assert sum(ref() is not None for ref in kept) <= AHEAD * 2 + 1
    run.close()


def test_a_job_that_fails_is_its_own_tasks_affair():
    def careful():
        try:
            yield [("fails", "no")]
        except Failed as failure:
            return failure.says

    found = list(flow([careful(), asks("other", ("do", "x"))], Slow()))
    assert sorted(map(str, found)) == ["('other', ['X'])", "no"]


def test_what_a_task_does_not_catch_stops_all_of_them():
    tasks = [asks("a", ("do", "x")), asks("b", ("fails", "no")), asks("c")]
    with pytest.raises(Failed, match="no"):
        list(flow(tasks, Slow()))
