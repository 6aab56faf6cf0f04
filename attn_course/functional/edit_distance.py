r"""Edit distance: the fewest single changes that turn one sequence into another.

References
----------
V. I. Levenshtein, "Binary codes capable of correcting deletions, insertions, and
reversals", Soviet Physics Doklady 10(8), 707-710, 1966.
R. A. Wagner and M. J. Fischer, "The String-to-String Correction Problem", Journal of
the ACM 21(1), 168-173, 1974 (the algorithm).
"""

from collections.abc import Hashable, Sequence


def edit_distance(one: Sequence[Hashable], other: Sequence[Hashable]) -> int:
    r"""Count the insertions, deletions and substitutions between two sequences.

    .. math::

       d_{ij} = \min\bigl( d_{i-1,j} + 1,\; d_{i,j-1} + 1,\;
       d_{i-1,j-1} + [\, a_i \ne b_j \,] \bigr), \qquad d_{i0} = i, \; d_{0j} = j

    Divided by the length of the reference it is the error rate: of characters, phones
    or words, whatever the tokens are. It may exceed 1.

    Examples
    --------
    >>> edit_distance("kitten", "sitting")
    3
    >>> edit_distance(["the", "cat"], ["the", "big", "cat"])
    1
    """
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        above, row = row, [i]
        for j, b in enumerate(other, start=1):
            row.append(min(above[j] + 1, row[-1] + 1, above[j - 1] + (a != b)))
    return row[-1]
