"""Photos, graphs, carbon dioxide: the facts that pages build on."""

import itertools
import subprocess
import sys

import networkx
import numpy as np
import pytest

from attn_course.data import carbon_dioxide, karate_club, photos, southern_women


def test_photos_are_in_colour_and_from_black_to_white():
    for name, photo in photos().items():
        assert photo.shape == (427, 640, 3), name
        assert photo.min() >= 0
        assert 0.9 < photo.max() <= 1
        assert np.ptp(photo, axis=-1).max() > 0.5


def test_photos_are_new_at_each_call():
    photos()["china"][:] = -1
    assert photos()["china"].min() >= 0


def test_the_karate_club_has_friends_both_ways_and_none_with_oneself():
    edges = karate_club().edges
    assert (edges == edges.T).all()
    assert not edges.diagonal().any()
    assert edges.sum() == 2 * 78
    theirs = networkx.karate_club_graph()
    assert {tuple(pair) for pair in np.argwhere(np.triu(edges)).tolist()} == set(
        theirs.edges()
    )


def test_the_factions_are_those_of_teacher_and_officer():
    club = karate_club()
    assert club.factions[0] == 0
    assert club.factions[33] == 1
    sides = networkx.get_node_attributes(networkx.karate_club_graph(), "club")
    assert [("Mr. Hi", "Officer")[side] for side in club.factions] == list(
        sides.values()
    )


def test_friends_are_mostly_on_ones_own_side():
    club = karate_club()
    same = club.factions[:, None] == club.factions
    assert (club.edges & same).sum() > 5 * (club.edges & ~same).sum()


def test_every_visit_of_the_southern_women_is_there():
    table = southern_women()
    visits = {
        (table.women[w], table.events[e])
        for w, e in np.argwhere(table.present).tolist()
    }
    assert visits == set(networkx.davis_southern_women_graph().edges())
    assert len(set(table.women)) == 18
    assert table.events == [f"E{n}" for n in range(1, 15)]


def test_weeks_follow_one_another_without_a_gap():
    air = carbon_dioxide()
    assert (np.diff(air.weeks) == np.timedelta64(7, "D")).all()
    assert np.isfinite(air.ppm).all()
    assert air.measured[[0, -1]].all()


def test_gaps_are_bridged_by_a_straight_line_and_said():
    air = carbon_dioxide()
    places = np.flatnonzero(air.measured)
    for before, after in itertools.pairwise(places):
        line = np.linspace(air.ppm[before], air.ppm[after], after - before + 1)
        np.testing.assert_allclose(air.ppm[before : after + 1], line, rtol=1e-12)
    assert (~air.measured).sum() == 59


def test_carbon_dioxide_rises_and_breathes_with_the_year():
    air = carbon_dioxide()
    assert 310 < air.ppm[:52].mean() < 320
    assert 365 < air.ppm[-52:].mean() < 375
    year = air.ppm[-104:]
    assert 4 < np.ptp(year) < 9


@pytest.mark.parametrize(
    "name", ["sklearn", "networkx", "statsmodels", "babel", "torch"]
)
def test_importing_the_package_imports_nothing_heavy(name):
    code = f"import attn_course.data, sys; sys.exit('{name}' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
