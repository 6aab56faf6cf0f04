"""Workers have one parent, which is replaced when it ends; its own is a fork server."""

import os
import signal
import threading
import time

import psutil
import pytest

from attn_course.engine import nursery, parent, worker
from attn_course.engine.hand import Hand
from attn_course.engine.parent import Parent
from attn_course.judge.warm import CannotFork, ForkServer

LONG = 60.0  # seconds that are not waited for


@pytest.fixture
def workers_parent():
    made = Parent(ForkServer())
    made.get_ready()
    yield made
    made.close()


def refused(hand: Hand) -> bool:
    """Whether the hand answers, by saying what is wrong with this job."""
    with pytest.raises(RuntimeError, match="KeyError"):
        hand.do("no such kind", "")
    return True


def process(hand: Hand) -> psutil.Process:
    return psutil.Process(hand.process.pid)


def test_all_are_split_off_from_one_process_that_is_a_fork_servers(workers_parent):
    hands = [Hand(workers_parent) for _ in range(2)]
    try:
        assert all(map(refused, hands))
        assert {process(each).name() for each in hands} == {worker.NAME}
        [above] = {process(each).parent() for each in hands}
        assert above.name() == nursery.NAME
        assert above.ppid() == workers_parent.server.process.pid
    finally:
        for each in hands:
            each.close()


def test_the_slow_imports_are_there_before_a_worker_is(workers_parent):
    hand = Hand(workers_parent)
    try:
        here = [*process(hand).memory_maps()]
        assert any("libtorch" in each.path for each in here)
        assert process(hand).cpu_times().user < 0.5  # they take seconds
    finally:
        hand.close()


@pytest.mark.parametrize("which", ["parent", "fork server"])
def test_one_that_is_killed_is_started_again_and_its_workers_go_on(
    workers_parent, which
):
    first = Hand(workers_parent)
    killed = workers_parent.process
    victim = killed.pid if which == "parent" else workers_parent.server.process.pid
    os.kill(victim, signal.SIGKILL)
    assert killed.ended(LONG)
    second = Hand(workers_parent)
    try:
        assert refused(first)
        assert refused(second)
        assert process(second).parent().name() == nursery.NAME
        assert workers_parent.process.pid != killed.pid
    finally:
        first.close()
        second.close()


def test_closed_while_it_gets_ready_it_leaves_nothing_and_does_not_dawdle():
    made = Parent(ForkServer())
    made.get_ready()
    server = psutil.Process(made.server.process.pid)
    begun = time.monotonic()
    made.close()
    assert time.monotonic() - begun < 1.0  # the imports take longer
    assert not server.is_running()
    with pytest.raises(CannotFork, match="was stopped"):
        made.split_off(0, 1, "")


def test_a_worker_that_cannot_be_split_off_starts_from_nothing(monkeypatch, caplog):
    def refuse(*_):
        raise CannotFork("for a test")

    monkeypatch.setattr(Parent, "split_off", refuse)
    hand = Hand(Parent(ForkServer()))
    try:
        assert refused(hand)
    finally:
        hand.close()
    assert "start from nothing, which takes longer: for a test" in caplog.text


def test_nothing_is_split_off_while_a_second_thread_runs():
    over = threading.Event()
    thread = threading.Thread(target=over.wait)
    thread.start()
    try:
        with pytest.raises(RuntimeError, match="wanted one thread, got"):
            nursery.require_quiet([])
    finally:
        over.set()
        thread.join()


def test_workers_have_the_limits_of_one_thread():
    assert set(parent.ALONE.values()) == {"1"}
    assert parent.surroundings().items() >= dict(os.environ).items()


def test_a_system_that_cannot_hold_on_to_a_process_is_told_apart(monkeypatch):
    monkeypatch.delattr(os, "pidfd_open")
    made = Parent(ForkServer())
    with pytest.raises(CannotFork, match="cannot hold on to a process"):
        made.split_off(0, 1, "")
    made.close()
