"""An influence matrix shows leaks by outline and cross, and counts them."""

import numpy as np
import pytest

from attn_course import viz

CAUSAL = np.tri(3, 5, dtype=bool)
CHANGES = CAUSAL.copy()
CHANGES[0, 3] = CHANGES[0, 4] = True
CHANGES[2, 1] = False
OUT, IN = ["y0", "y1", "y2"], [f"x{i}" for i in range(5)]


def test_leaks_are_crossed_and_outlined_and_what_is_missing_has_a_ring(ax):
    assert viz.influence(ax, CHANGES, outputs=OUT, inputs=IN, allowed=CAUSAL) is ax
    np.testing.assert_array_equal(ax.images[0].get_array(), CHANGES)
    crosses, _, outline, rings = ax.collections
    np.testing.assert_array_equal(crosses.get_offsets(), [(3, 0), (4, 0)])
    np.testing.assert_array_equal(rings.get_offsets(), [(1, 2)])
    assert len(outline.get_segments()) == 6
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    assert legend == ["changes the output", "leak (2)", "allowed, no effect (1)"]


def test_without_a_mask_nothing_is_a_leak(ax):
    viz.influence(ax, CHANGES, outputs=OUT, inputs=IN)
    assert not ax.collections
    assert "eak" not in viz.describe_influence(CHANGES, OUT, IN)


def test_words_name_the_leaks():
    assert viz.describe_influence(CHANGES, OUT, IN, allowed=CAUSAL).splitlines() == [
        "Leaks: 2. Allowed, no effect: 1.",
        "y0 changes with: x0, x3, x4; leaks: x3, x4",
        "y1 changes with: x0, x1",
        "y2 changes with: x0, x2",
    ]


def test_tables_of_numbers_or_of_another_shape_are_refused(ax):
    with pytest.raises(ValueError, match="influence: wanted a boolean changes"):
        viz.influence(ax, CHANGES * 1.0, outputs=OUT, inputs=IN)
    with pytest.raises(ValueError, match=r"allowed of shape \(3, 5\)"):
        viz.influence(ax, CHANGES, outputs=OUT, inputs=IN, allowed=CAUSAL.T)
