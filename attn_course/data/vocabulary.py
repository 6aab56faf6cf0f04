"""Characters to ids and back."""

from collections.abc import Iterable, Sequence

import numpy as np
from jaxtyping import Int

from attn_course.data.tokens import END, FIRST, UNKNOWN, pad


class Vocabulary:
    """The characters that a model knows, each with an id from `FIRST` upwards.

    Raises
    ------
    ValueError
        If a symbol is not one character, or comes twice.

    Examples
    --------
    >>> known = Vocabulary.of(["7. Mai", "May 7"])
    >>> known.encode("May 3")
    [7, 8, 10, 4, 3, 2]
    >>> known.decode(known.encode("7 Mai"))
    '7 Mai'
    """

    def __init__(self, symbols: Iterable[str]):
        self.symbols = tuple(symbols)
        for symbol in self.symbols:
            if not isinstance(symbol, str) or len(symbol) != 1:
                raise ValueError(
                    f"Vocabulary: wanted single characters, got {symbol!r}"
                )
        self.ids = {symbol: FIRST + n for n, symbol in enumerate(self.symbols)}
        if len(self.ids) != len(self.symbols):
            raise ValueError(
                f"Vocabulary: wanted different characters, got {len(self.symbols)} of "
                f"which {len(self.ids)} differ"
            )

    @classmethod
    def of(cls, texts: Iterable[str]) -> "Vocabulary":
        """Return the vocabulary of the characters in these texts, by code point.

        Give it the training texts only: what comes up later is `UNKNOWN`, as it will
        be in use.
        """
        return cls(sorted(set().union(*texts)))

    def __len__(self) -> int:
        """Return how many ids there are, the special ones included."""
        return FIRST + len(self.symbols)

    def encode(self, text: str) -> list[int]:
        """Return the id of each character, then `END`."""
        return [*(self.ids.get(symbol, UNKNOWN) for symbol in text), END]

    def encode_all(
        self, texts: Sequence[str], length: int | None = None
    ) -> Int[np.ndarray, "batch length"]:
        """Return the ids of these texts as a table filled up with `PAD`."""
        return pad([self.encode(text) for text in texts], length)

    def decode(self, ids: Iterable[int] | Int[np.ndarray, " length"]) -> str:
        """Return the text up to the first `END`; unknown characters as U+FFFD.

        `PAD` and `START` leave no trace.

        Raises
        ------
        ValueError
            If there is no such id.
        """
        characters = []
        for number in map(int, ids):
            if number == END:
                break
            if not 0 <= number < len(self):
                raise ValueError(
                    f"Vocabulary: wanted ids from 0 to {len(self) - 1}, got {number}"
                )
            if number == UNKNOWN:
                characters.append("\N{REPLACEMENT CHARACTER}")
            elif number >= FIRST:
                characters.append(self.symbols[number - FIRST])
        return "".join(characters)

    def to_dict(self) -> dict[str, str]:
        """Return all there is to know, to be saved as JSON."""
        return {"symbols": "".join(self.symbols)}

    @classmethod
    def from_dict(cls, saved: dict[str, str]) -> "Vocabulary":
        """Return the vocabulary that `to_dict` gave."""
        return cls(saved["symbols"])
