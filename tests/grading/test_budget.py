"""time_limit: stops what runs on, and leaves everything else as it was."""

import signal
import threading

import pytest

from attn_course.grading.budget import OutOfTime, time_limit


def loop_for_ever():
    while True:
        pass


def test_a_loop_is_stopped_and_the_old_handler_is_back():
    before = signal.getsignal(signal.SIGALRM)
    with pytest.raises(OutOfTime), time_limit(0.05):
        loop_for_ever()
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_what_ends_in_time_is_left_alone():
    with time_limit(5):
        total = sum(range(1000))
    assert total == 499500


def test_another_thread_is_not_limited_and_does_not_fail():
    done = []

    def work():
        with time_limit(0.001):
            done.append(sum(range(10**5)))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [sum(range(10**5))]
