"""Spans of two strings are joined by lines as thick as their weight."""

import numpy as np
import pytest

from attn_course import viz

SOURCE, TARGET = "3 May 2026", "3. Mai"
LINKS = [((2, 5), (3, 6), 1.0), ((0, 1), (0, 1), 0.75), ((6, 10), (3, 6), 0.25)]


def middles(ax):
    """Read back the lines between the strings: the ones that are not level."""
    return [line for line in ax.lines if np.ptp(line.get_ydata())]


def test_letters_stand_in_order_in_two_rows(ax):
    assert viz.span_alignment(ax, SOURCE, TARGET, LINKS) is ax
    rows = {1.0: "", 0.0: ""}
    for text in ax.texts:
        if len(text.get_text()) == 1:
            rows[text.get_position()[1]] += text.get_text()
    assert rows == {1.0: SOURCE, 0.0: TARGET}


def test_lines_join_the_middles_of_the_spans(ax):
    viz.span_alignment(ax, SOURCE, TARGET, LINKS)
    shift = (len(SOURCE) - len(TARGET)) / 2
    for line, (above, below, _) in zip(middles(ax), LINKS, strict=True):
        ends = sum(above) / 2, shift + sum(below) / 2
        np.testing.assert_allclose(line.get_xdata(), ends)


def test_weight_shows_as_thickness_and_dash_and_number(ax):
    viz.span_alignment(ax, SOURCE, TARGET, LINKS)
    wide = [line.get_linewidth() for line in middles(ax)]
    np.testing.assert_allclose(np.array(wide) / wide[0], [1, 0.75, 0.25])
    assert [line.get_linestyle() for line in middles(ax)] == ["-", "-", "--"]
    numbers = [t.get_text() for t in ax.texts if "." in t.get_text()[1:]]
    assert numbers == ["0.75", "0.25"]


def test_links_below_the_least_weight_are_left_out(ax):
    viz.span_alignment(ax, SOURCE, TARGET, LINKS, least=0.5)
    assert len(middles(ax)) == 2


def test_words_quote_the_spans():
    assert viz.describe_alignment(SOURCE, TARGET, LINKS).splitlines() == [
        "source: 3 May 2026",
        "target: 3. Mai",
        '"May" (2 to 5) – "Mai" (3 to 6): 1.00',
        '"3" (0 to 1) – "3" (0 to 1): 0.75',
        '"2026" (6 to 10) – "Mai" (3 to 6): 0.25',
    ]


@pytest.mark.parametrize(
    ("link", "message"),
    [
        (((2, 11), (0, 1), 1.0), r"within 10 characters, got \(2, 11\)"),
        (((0, 1), (3, 3), 1.0), r"within 6 characters, got \(3, 3\)"),
        (((0, 1), (0, 1), 1.5), "weight from 0 to 1, got 1.5"),
        (((0, 1), (0, 1), np.nan), "weight from 0 to 1, got nan"),
    ],
)
def test_links_outside_the_strings_are_refused(ax, link, message):
    with pytest.raises(ValueError, match=message):
        viz.span_alignment(ax, SOURCE, TARGET, [link])
