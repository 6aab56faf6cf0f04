"""Each figure holds the numbers it was given, and needs no colour to be read."""

import itertools

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

from attn_course import viz

WEIGHTS = np.array([[0.1, 0.2, 0.7], [0.5, 0.25, 0.25]])


@pytest.fixture
def ax():
    return Figure().subplots()


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_a_heatmap_writes_each_weight_in_its_cell(ax):
    assert viz.heatmap(ax, WEIGHTS, queries=["p", "q"], keys=["a", "b", "c"]) is ax
    written = {t.get_position(): t.get_text() for t in ax.texts}
    assert written == {(k, q): f"{WEIGHTS[q, k]:.2f}" for q, k in np.ndindex(2, 3)}
    assert [t.get_text() for t in ax.get_xticklabels()] == ["a", "b", "c"]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["p", "q"]


def test_a_heatmap_says_which_axis_sums_to_one(ax):
    viz.heatmap(ax, WEIGHTS, queries=["p", "q"], keys=["a", "b", "c"])
    assert ax.get_title() == "Each row sums to 1"
    viz.heatmap(ax, WEIGHTS.T, queries=["a", "b", "c"], keys=["p", "q"])
    assert ax.get_title() == "Each column sums to 1"
    viz.heatmap(ax, WEIGHTS / 2, queries=["p", "q"], keys=["a", "b", "c"])
    assert ax.get_title() == "Neither rows nor columns sum to 1"


def test_numbers_in_a_heatmap_stand_out_from_their_cells():
    ax = Figure(figsize=(9, 3)).subplots()
    shares = np.linspace(0, 1, 21)[None]
    viz.heatmap(ax, shares, queries=["q"], keys=[str(k) for k in range(21)])
    colours = ax.images[0].to_rgba(shares)[0, :, :3]

    def luminance(rgb):
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        return linear @ [0.2126, 0.7152, 0.0722]

    for text, cell in zip(ax.texts, colours, strict=True):
        ink = luminance(np.array(mpl.colors.to_rgb(text.get_color())))
        light, dark = sorted((ink, luminance(cell)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) > 4.5, (
            f"{text.get_text()} is hard to read"
        )
    assert (np.diff(luminance(colours)) < 0).all()  # also in grey, darker is larger


def test_a_heatmap_refuses_names_that_do_not_fit(ax):
    with pytest.raises(ValueError, match=r"shape \(2, 2\) for these names, got \(2, 3"):
        viz.heatmap(ax, WEIGHTS, queries=["p", "q"], keys=["a", "b"])


def test_the_plane_keeps_corners_centre_and_mixtures():
    corners = viz.to_plane(np.eye(3))
    sides = np.linalg.norm(corners - np.roll(corners, 1, axis=0), axis=1)
    np.testing.assert_allclose(sides, 1)
    np.testing.assert_allclose(viz.to_plane(np.full(3, 1 / 3)), corners.mean(axis=0))
    np.testing.assert_allclose(viz.to_plane(WEIGHTS), WEIGHTS @ corners)


def test_a_path_in_the_triangle_passes_its_points_and_names_what_is_asked(ax):
    viz.simplex(ax, WEIGHTS, corners=["a", "b", "c"], marks={1: "end"})
    np.testing.assert_array_equal(ax.lines[1].get_xydata(), viz.to_plane(WEIGHTS))
    assert texts(ax) == ["a", "b", "c", "end"]
    assert tuple(ax.texts[-1].xy) == tuple(viz.to_plane(WEIGHTS)[1])


def test_a_second_path_is_added_to_the_same_triangle(ax):
    viz.simplex(ax, WEIGHTS, corners=["a", "b", "c"])
    viz.simplex(ax, WEIGHTS[::-1], style="k--")
    assert texts(ax) == ["a", "b", "c"]
    assert [line.get_linestyle() for line in ax.lines] == ["-", "-", "--"]


def test_a_triangle_refuses_four_weights(ax):
    with pytest.raises(ValueError, match="three corners, got 4 and 3"):
        viz.simplex(ax, np.full((2, 4), 0.25), corners=["a", "b", "c"])


def test_lines_differ_by_dash_and_carry_their_names(ax):
    x, lines = np.arange(1.0, 6.0), {"one": np.ones(5), "two": np.arange(5.0)}
    viz.curves(ax, x, lines, xlabel="x (s)", ylabel="y (m)", logx=True)
    assert len({line.get_linestyle() for line in ax.lines}) == 2
    assert texts(ax) == ["one", "two"]
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_xscale()) == (
        "x (s)",
        "y (m)",
        "log",
    )


def test_more_lines_than_can_be_told_apart_are_refused(ax):
    lines = {str(i): np.ones(3) for i in range(7)}
    with pytest.raises(ValueError, match="at most 6 lines, got 7"):
        viz.curves(ax, np.arange(3.0), lines, xlabel="", ylabel="")


def test_a_fit_shows_data_as_dots_and_the_guess_as_a_line(ax):
    grid = np.linspace(0, 1, 7)
    viz.fit(ax, np.arange(5.0), np.ones(5), grid, grid**2, title="h = 1")
    dots, line = ax.lines
    assert (dots.get_linestyle(), dots.get_marker()) == ("None", "o")
    np.testing.assert_array_equal(line.get_xydata(), np.stack([grid, grid**2], axis=1))
    assert ax.get_title() == "h = 1"


def test_words_give_the_same_numbers_as_the_table():
    told = viz.describe_weights(WEIGHTS, ["p", "q"], ["a", "b", "c"])
    assert told == (
        "Each row sums to 1.\np: c 0.70, b 0.20, a 0.10\nq: a 0.50, b 0.25, c 0.25"
    )


def test_words_find_the_lowest_and_the_highest_point_of_a_curve():
    lines = {"e": np.array([2.0, 1.0, 4.0, 3.0]), "f": np.array([0.0, 1, 2, 3])}
    told = viz.describe_curves(np.array([1.0, 2.0, 3.0, 5.0]), lines)
    assert told == "e: 2 at 1, 3 at 5, lowest 1 at 2, highest 4 at 3\nf: 0 at 1, 3 at 5"


def test_names_of_lines_that_end_together_do_not_overlap(ax):
    x, low = np.arange(5.0), np.arange(5.0)
    lines = {"higher": low + 0.01, "lower": low, "far": -low}
    viz.curves(ax, x, lines, xlabel="", ylabel="", ylim=(-5, 5))
    ax.figure.draw_without_rendering()
    boxes = sorted((t.get_window_extent() for t in ax.texts), key=lambda b: b.y0)
    assert all(a.y1 <= b.y0 for a, b in itertools.pairwise(boxes))
    assert texts(ax) == ["far", "lower", "higher"]


def test_words_name_each_step_of_a_path():
    told = viz.describe_path(WEIGHTS, ["a", "b", "c"], ["hot", "cold"])
    assert told == "hot: a 0.10, b 0.20, c 0.70\ncold: a 0.50, b 0.25, c 0.25"
