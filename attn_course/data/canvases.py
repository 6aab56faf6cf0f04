"""Several digits on one canvas, with boxes and a caption that are known."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from attn_course.data import expect
from attn_course.data.digits import Labelled

WORDS = "zero one two three four five six seven eight nine".split()
NOTHING = -1


class Canvases(NamedTuple):
    """Images with what is on them; digits in reading order, row by row of cells.

    `boxes` are (top, left, bottom, right) in pixels, bottom and right not included.
    Where there is no digit, its box is zeros and its label `NOTHING`.

    Examples
    --------
    >>> Canvases._fields
    ('images', 'boxes', 'labels', 'captions')
    """

    images: Float[np.ndarray, "items rows columns"]
    boxes: Int[np.ndarray, "items digits 4"]
    labels: Int[np.ndarray, "items digits"]
    captions: list[str]


def digit_canvases(
    rng: np.random.Generator,
    source: Labelled,
    count: int,
    *,
    size: int = 24,
    cells: int = 2,
    most: int = 2,
) -> Canvases:
    """Return canvases with one to `most` digits from `source`, which never overlap.

    A canvas is cut into `cells` by `cells` squares. Digits get squares of their own, as
    many digits as any number up to `most` being as likely, and stand anywhere inside.
    Draw the canvases to train on and those to test on from different parts of the
    digits.

    Parameters
    ----------
    size
        Pixels of a side; a multiple of `cells` whose parts hold a digit.

    Returns
    -------
    Canvases
        A caption has the digits in words, in the order of the squares: "seven two".

    Raises
    ------
    ValueError
        If digits do not fit into the squares, or there are more digits than squares.

    Examples
    --------
    >>> source = Labelled(np.ones((1, 8, 8)), np.array([7]))
    >>> made = digit_canvases(np.random.default_rng(0), source, 2)
    >>> made.captions, made.labels.tolist()
    (['seven seven', 'seven'], [[7, 7], [7, -1]])
    >>> made.images.shape, made.boxes[0].tolist()
    ((2, 24, 24), [[1, 0, 9, 8], [12, 0, 20, 8]])
    """
    who = "digit_canvases"
    expect.generator(who, rng)
    expect.at_least(who, 1, count=count, most=most, digits=len(source.images))
    expect.at_least(who, 1, cells=cells)
    height, width = source.images.shape[1:]
    expect.at_least(who, max(height, width) * cells, size=size)
    if size % cells or most > cells**2:
        raise ValueError(
            f"{who}: wanted a size that falls into {cells} and at most {cells**2} "
            f"digits, got {size} and {most}"
        )
    images = np.zeros((count, size, size), dtype=source.images.dtype)
    boxes = np.zeros((count, most, 4), dtype=int)
    labels = np.full((count, most), NOTHING)
    for image, corners, names in zip(images, boxes, labels, strict=True):
        number = rng.integers(1, most, endpoint=True)
        squares = np.sort(rng.permutation(cells**2)[:number])
        for place, square in enumerate(squares):
            chosen = rng.integers(len(source.images))
            room = size // cells - height, size // cells - width
            corner = np.array(divmod(square, cells)) * (size // cells)
            top, left = corner + rng.integers(room, endpoint=True)
            image[top : top + height, left : left + width] = source.images[chosen]
            corners[place] = top, left, top + height, left + width
            names[place] = source.labels[chosen]
    captions = [" ".join(WORDS[n] for n in row if n != NOTHING) for row in labels]
    return Canvases(images, boxes, labels, captions)
