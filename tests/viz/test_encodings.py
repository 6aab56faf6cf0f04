"""Encodings as a table, and similarity by offset: level bands mean offset alone."""

import numpy as np
import pytest

from attn_course import viz
from attn_course.viz.encodings import by_offset

rng = np.random.default_rng(5)
POSITIONS = np.arange(23.0)
ANGLES = POSITIONS[:, None] / 100 ** (np.arange(7) / 7)
WAVES = np.stack([np.sin(ANGLES), np.cos(ANGLES)], axis=-1).reshape(23, 14)
GRAM = WAVES @ WAVES.T / 7
LEARNT = rng.normal(size=(23, 23))


def test_the_table_is_drawn_with_positions_down(ax):
    assert viz.encodings(ax, WAVES) is ax
    np.testing.assert_array_equal(ax.images[0].get_array(), WAVES)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("entry of the encoding", "position")


def test_words_count_changes_of_sign():
    told = viz.describe_encodings(WAVES)
    changes = (WAVES[1:, 0] >= 0) != (WAVES[:-1, 0] >= 0)
    assert told.startswith("23 positions by 14 entries, from ")
    assert f"entry 0 changes sign {changes.sum()} times, entry 13 " in told


def test_diagonals_by_hand():
    offsets, means, lows, highs = by_offset(LEARNT)
    for offset, mean, low, high in zip(offsets, means, lows, highs, strict=True):
        pairs = [LEARNT[i, j] for i in range(23) for j in range(23) if i - j == offset]
        np.testing.assert_allclose(
            (mean, low, high), (np.mean(pairs), min(pairs), max(pairs))
        )


def test_lines_are_means_over_diagonals_and_bands_their_range(ax):
    assert viz.similarity_by_offset(ax, {"waves": GRAM, "learnt": LEARNT}) is ax
    for i, table in enumerate((GRAM, LEARNT)):
        offsets, means, lows, highs = by_offset(table)
        np.testing.assert_array_equal(ax.lines[i].get_xydata(), np.c_[offsets, means])
        band = ax.collections[i].get_paths()[0].vertices[:, 1]
        assert (band.min(), band.max()) == (lows.min(), highs.max())
    assert ax.lines[0].get_linestyle() != ax.lines[1].get_linestyle()
    assert {t.get_text() for t in ax.texts} == {"waves", "learnt"}


def test_words_say_whether_the_offset_alone_decides():
    told = viz.describe_similarity({"waves": GRAM, "learnt": LEARNT}).splitlines()
    assert told[0].startswith("waves: 1 at offset 0, ")
    assert told[0].endswith("depends on the offset alone")
    widest = max(np.ptp(np.diagonal(LEARNT, k)) for k in range(-22, 23))
    assert told[1].endswith(f"at one offset it differs by up to {widest:.2g}")


def test_tables_of_another_form_are_refused(ax):
    with pytest.raises(ValueError, match=r"'a' square.*got shape \(23, 14\)"):
        viz.similarity_by_offset(ax, {"a": WAVES})
    with pytest.raises(ValueError, match=r"positions by entries, got shape \(23,\)"):
        viz.encodings(ax, POSITIONS)
