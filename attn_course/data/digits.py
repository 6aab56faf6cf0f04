"""Handwritten digits, 8 by 8 pixels: 1,797 of them.

References
----------
E. Alpaydin and C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine
Learning Repository, 1998; its test set, a copy of which is a part of scikit-learn. The
repository gives its data under CC BY 4.0.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from attn_course.data.splits import split_indices

SHARES = {"train": 0.6, "validation": 0.2, "test": 0.2}


class Labelled(NamedTuple):
    """Images, from 0 for paper to 1 for ink, and which digit each of them shows.

    Examples
    --------
    >>> Labelled._fields
    ('images', 'labels')
    """

    images: Float[np.ndarray, "items rows columns"]
    labels: Int[np.ndarray, " items"]


def digits(rng: np.random.Generator) -> dict[str, Labelled]:
    """Return the digits in three parts: three fifths to train, and two times one fifth.

    Needs scikit-learn, which is imported here and not before. Every image is in one
    part; each digit has its share in all parts. Thirteen people wrote the digits, and
    who wrote which is not known: the same hands are in all parts, so a test says
    nothing on hands never seen.

    Examples
    --------
    >>> parts = digits(np.random.default_rng(0))
    >>> {name: part.images.shape for name, part in parts.items()}
    {'train': (1078, 8, 8), 'validation': (360, 8, 8), 'test': (359, 8, 8)}
    """
    from sklearn.datasets import load_digits

    source = load_digits()
    images, labels = source.images / 16, source.target  # 16 pixels of 4 by 4 are ink
    parts = split_indices(rng, labels, list(SHARES.values()))
    return {
        name: Labelled(images[places], labels[places])
        for name, places in zip(SHARES, parts, strict=True)
    }
