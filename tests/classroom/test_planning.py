"""The plan of a large class obeys closed forms, wherever there is one."""

import math

import pytest

from attn_course.classroom.planning import Cluster, simulated


@pytest.mark.parametrize(("units", "workers"), [(700, 7), (703, 7), (5, 7), (11, 1)])
def test_with_time_to_spare_the_writer_only_takes_the_last_round(units, workers):
    cluster = Cluster([3.0], writing=0.4)  # 7 x 0.4 < 3
    rounds = math.ceil(units / workers)
    last = units - (rounds - 1) * workers
    run = simulated(cluster, units, workers)
    assert run.seconds == pytest.approx(3.0 * rounds + 0.4 * last)
    assert run.busy == pytest.approx(0.4 * units / run.seconds)
    assert run.again == 0


@pytest.mark.parametrize("workers", [8, 64, 1024])
def test_a_writer_without_time_to_spare_is_all_that_counts(workers):
    cluster = Cluster([3.0], writing=0.4)  # 8 x 0.4 > 3
    run = simulated(cluster, 2000, workers)
    assert run.seconds == pytest.approx(3.0 + 0.4 * 2000)


def test_the_width_is_where_the_writer_becomes_busy():
    cluster = Cluster([2.0, 4.0], writing=0.1, spread=0.5)
    assert cluster.width == pytest.approx(30)
    busy = [simulated(cluster, 20_000, w).busy for w in (15, 60)]
    assert busy == pytest.approx([0.5, 1.0], abs=0.02)


def test_work_that_is_lost_is_done_again():
    cluster = Cluster([3.0], writing=0.0, life=2.0, restart=5.0)
    run = simulated(cluster, 20_000, 1)
    assert run.seconds / 20_000 == pytest.approx(7 * math.expm1(1.5), rel=0.05)
    assert run.again / 20_000 == pytest.approx(math.expm1(1.5), rel=0.05)


def test_the_same_seed_gives_the_same_run():
    cluster = Cluster([1.0, 2.0], 0.01, 0.5, life=100.0, restart=5.0)
    runs = [simulated(cluster, 3000, 20, seed) for seed in (0, 0, 1)]
    assert runs[0] == runs[1] != runs[2]
