"""Tables of weights: numbers where they fit, marks for what is hidden or true."""

import itertools

import numpy as np
import pytest
from matplotlib.figure import Figure

from attn_course import viz
from attn_course.viz.table import luminance

rng = np.random.default_rng(1)
WEIGHTS = np.array([[0.25, 0.75, 0.0], [0.0, 0.0, 0.0]])
ALLOWED = np.array([[True, True, False], [False, False, False]])
PQ, ABC = ["p", "q"], ["a", "b", "c"]


def names(many):
    return [f"n{i}" for i in range(many)]


def patch(ax, label):
    (found,) = [p for p in ax.patches if p.get_label() == label]
    return found


def cells_in(found, shape):
    """Read a patch back: which cells have their centre inside?"""
    path = found.get_path()
    return np.array(
        [
            [path.contains_point((k, q)) for k in range(shape[1])]
            for q in range(shape[0])
        ]
    )


def test_hidden_cells_are_hatched_and_explained(ax):
    viz.heatmap(ax, WEIGHTS, queries=PQ, keys=ABC, allowed=ALLOWED)
    hidden = patch(ax, "hidden")
    assert hidden.get_hatch()
    np.testing.assert_array_equal(cells_in(hidden, (2, 3)), ~ALLOWED)
    assert "hidden" in [t.get_text() for t in ax.get_legend().get_texts()]
    assert ax.get_title() == "Each row sums to 1 or is all zeros"
    assert [t.get_text() for t in ax.texts] == ["0.25", "0.75"]  # others stay empty


def test_a_weight_on_a_hidden_key_is_written_over_the_hatch(ax):
    leaking = np.array([[0.25, 0.5, 0.25], [0.0, 0.0, 0.0]])
    viz.heatmap(ax, leaking, queries=PQ, keys=ABC, allowed=ALLOWED)
    assert [t.get_text() for t in ax.texts] == ["0.25", "0.50", "0.25"]
    assert ax.texts[2].get_path_effects()
    told = viz.describe_weights(leaking, PQ, ABC, allowed=ALLOWED)
    assert "p: b 0.50, a 0.25, c 0.25; hidden: c" in told
    assert "q: nothing; hidden: a to c" in told


def test_the_true_alignment_is_outlined_cell_by_cell(ax):
    truth = np.array([[True, True, False], [False, False, True]])
    viz.heatmap(ax, WEIGHTS, queries=PQ, keys=ABC, truth=truth)
    under, lines = ax.collections
    assert lines.get_label() == "true alignment"
    sides = {tuple(map(tuple, s.tolist())) for s in lines.get_segments()}
    assert len(sides) == 6 + 4  # round two cells in a row, and round one
    assert ((0.5, -0.5), (0.5, 0.5)) not in sides  # no side between two true cells
    assert ((2.5, 0.5), (2.5, 1.5)) in sides
    assert under.get_linewidth() > lines.get_linewidth()  # light edge on dark cells
    assert "true alignment" in [t.get_text() for t in ax.get_legend().get_texts()]


def test_a_large_table_has_a_scale_in_place_of_numbers(ax):
    weights = rng.dirichlet(np.ones(29), size=23)
    viz.heatmap(ax, weights, queries=names(23), keys=names(29))
    assert not ax.texts
    bar = next(other for other in ax.figure.axes if other is not ax)
    assert bar.get_ylabel() == "weight"
    np.testing.assert_array_equal(ax.images[0].get_array(), weights)
    assert ax.images[0].get_clim() == (0, weights.max())


def test_names_of_a_large_table_do_not_overlap(ax):
    weights = rng.dirichlet(np.ones(29), size=23)
    for keys in (names(29), [str(i) for i in range(29)]):
        viz.heatmap(ax, weights, queries=names(23), keys=keys)
        ax.figure.canvas.draw()
        for labels in (ax.get_xticklabels(), ax.get_yticklabels()):
            boxes = [label.get_window_extent() for label in labels]
            assert not any(a.overlaps(b) for a, b in itertools.pairwise(boxes))
        places = [keys.index(label.get_text()) for label in ax.get_xticklabels()]
        np.testing.assert_array_equal(places, ax.get_xticks())  # none slipped aside


def test_long_names_break_at_spaces_before_they_turn(ax):
    keys = ["the first key", "the second key", "the third key of many"]
    viz.heatmap(ax, WEIGHTS, queries=PQ, keys=keys)
    labels = ax.get_xticklabels()
    assert [t.get_text() for t in labels] == [key.replace(" ", "\n") for key in keys]
    assert {t.get_rotation() for t in labels} == {0}
    keys = ["incomprehensibilities" * 2, "a", "b"]
    viz.heatmap(ax, WEIGHTS, queries=PQ, keys=keys)
    assert {t.get_rotation() for t in ax.get_xticklabels()} == {90}


def test_a_row_of_zeros_alone_is_drawn(ax):
    viz.heatmap(ax, np.zeros((2, 3)), queries=PQ, keys=ABC)
    assert ax.get_title() == "Neither rows nor columns sum to 1"


def test_words_of_many_keys_tell_the_largest_and_the_rest():
    row = np.full((1, 20), 0.5 / 17)
    row[0, [3, 5, 7]] = 0.2, 0.25, 0.05
    told = viz.describe_weights(row, ["q"], names(20))
    assert told.endswith("q: n5 0.25, n3 0.20, n7 0.05, 17 others 0.50 together")


def test_words_tell_apart_names_that_come_twice():
    told = viz.describe_weights(np.array([[0.25, 0.75]]), ["t"], ["e", "e"])
    assert told.endswith("t: e (1) 0.75, e (0) 0.25")


def test_words_say_how_much_weight_is_where_it_should_be():
    weights = np.array([[0.6, 0.4], [0.1, 0.9], [0.5, 0.5]])
    truth = np.array([[False, True], [False, True], [False, False]])
    told = viz.describe_weights(weights, ["p", "q", "r"], ["a", "b"], truth=truth)
    assert "0.65 of the weight lies on the true alignment" in told  # of two queries
    assert "the largest weight of 1 of 2 queries does" in told


def test_heads_share_one_scale_and_label_the_outer_sides_only():
    heads = np.stack([rng.dirichlet(np.ones(19), size=17) for _ in range(3)])
    axes = Figure(figsize=(6, 4), layout="constrained").subplots(2, 2)
    viz.head_maps(axes, heads, queries=names(17), keys=names(19), names=ABC)
    shown = axes.flat[:3]
    assert {ax.images[0].get_clim() for ax in shown} == {(0, heads.max())}
    for ax, head, name in zip(shown, heads, ABC, strict=True):
        np.testing.assert_array_equal(ax.images[0].get_array(), head)
        assert ax.get_title() == name
    assert [ax.get_ylabel() for ax in axes.flat] == ["queries", "", "queries", ""]
    assert [ax.get_xlabel() for ax in axes.flat] == ["", "keys", "keys", ""]
    (bar,) = set(axes[0, 0].figure.axes) - set(axes.flat)
    assert bar.get_ylabel() == "weight"


def test_heads_under_a_mask_explain_the_hatch_once():
    heads = np.stack([WEIGHTS, WEIGHTS])
    axes = Figure(figsize=(6, 3), layout="constrained").subplots(1, 2)
    viz.head_maps(axes, heads, queries=PQ, keys=ABC, names=["1", "2"], allowed=ALLOWED)
    (legend,) = axes[0].figure.legends
    assert [t.get_text() for t in legend.get_texts()] == ["hidden"]
    for ax in axes:
        np.testing.assert_array_equal(cells_in(patch(ax, "hidden"), (2, 3)), ~ALLOWED)


def test_words_count_the_keys_that_a_head_uses():
    even, sharp = np.full((3, 4), 0.25), np.eye(3, 4)
    told = viz.describe_heads(np.stack([even, sharp]), list("pqr"), list("abcd"), "12")
    assert told.splitlines()[0].startswith("1: 4.0 of 4 keys in use")
    assert told.splitlines()[1].startswith("2: 1.0 of 4 keys in use")


def test_signed_values_have_their_sign_in_the_number_and_zero_in_the_middle(ax):
    values = np.array([[-0.5, 0.25, 0.0]])
    viz.signed_map(
        ax, values, rows=["q"], columns=ABC, xlabel="x", ylabel="y", label="slope"
    )
    assert [t.get_text() for t in ax.texts] == ["−0.5", "+0.25", "0"]
    assert ax.images[0].get_clim() == (-0.5, 0.5)
    assert luminance(ax.images[0].to_rgba(np.zeros((1, 1)))[..., :3]) > 0.9
    assert ax.get_title() == "slope"


def test_a_large_signed_table_falls_in_grey_from_highest_to_lowest(ax):
    values = rng.normal(size=(31, 37))
    labels = {"xlabel": "x", "ylabel": "y", "label": "slope"}
    viz.signed_map(ax, values, rows=names(31), columns=names(37), **labels)
    image = ax.images[0]
    low, high = image.get_clim()
    assert high == -low == abs(values).max()
    ramp = image.to_rgba(np.linspace(low, high, 11)[None])[0, :, :3]
    assert (np.diff(luminance(ramp)) > 0).all()
    bar = next(other for other in ax.figure.axes if other is not ax)
    assert bar.get_ylabel() == "slope"


def test_words_of_signed_values_give_ends_and_sums():
    values = np.array([[-0.5, 0.25, 0.0], [1.0, 2.0, 3.0]])
    assert viz.describe_signed(values, PQ, ABC).splitlines() == [
        "1 of 6 values below zero, 1 exactly zero.",
        "p: lowest -0.5 (a), highest +0.25 (b), sum -0.25",
        "q: lowest +1 (a), highest +3 (c), sum +6",
    ]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"allowed": ALLOWED.T}, r"allowed of shape \(2, 3\).*got \(3, 2\)"),
        ({"allowed": ALLOWED.astype(int)}, "boolean allowed, got dtype int64"),
        ({"truth": np.ones((2, 3))}, "boolean truth, got dtype float64"),
        ({"queries": ["p"]}, r"shape \(1, 3\)"),
        ({"weights": WEIGHTS * np.nan}, r"finite weights, got nan at \(0, 0\)"),
        ({"weights": WEIGHTS.astype(str)}, "numbers in weights"),
    ],
)
def test_a_heatmap_refuses_what_does_not_fit(ax, wrong, message):
    given = {"weights": WEIGHTS, "queries": PQ, "keys": ABC} | wrong
    with pytest.raises(ValueError, match=f"heatmap: wanted .*{message}"):
        viz.heatmap(ax, given.pop("weights"), **given)


def test_head_maps_refuses_too_few_axes_and_names_that_do_not_fit():
    axes, heads = Figure().subplots(1, 2), np.stack([WEIGHTS] * 3)
    with pytest.raises(ValueError, match="head_maps: wanted 3 Axes, got 2"):
        viz.head_maps(axes, heads, queries=PQ, keys=ABC, names=ABC)
    with pytest.raises(ValueError, match=r"shape \(2, 2, 3\)"):
        viz.head_maps(axes, heads, queries=PQ, keys=ABC, names=PQ)


def test_words_refuse_names_that_do_not_fit():
    with pytest.raises(ValueError, match=r"describe_weights: .*\(2, 2\).*got \(2, 3\)"):
        viz.describe_weights(WEIGHTS, PQ, PQ)
    with pytest.raises(ValueError, match=r"describe_signed: .*\(3, 2\)"):
        viz.describe_signed(WEIGHTS, ABC, PQ)
    with pytest.raises(ValueError, match=r"describe_heads: .*\(1, 2, 3\)"):
        viz.describe_heads(WEIGHTS, PQ, ABC, ["head"])
    with pytest.raises(ValueError, match="weights as an array, got list"):
        viz.describe_weights(WEIGHTS.tolist(), PQ, ABC)
