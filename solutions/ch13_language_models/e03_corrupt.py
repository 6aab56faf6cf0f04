r"""### Eighty, ten, ten

Masked language modelling hides tokens and asks for them back. Write `corrupt`, which
decides by numbers it is given, so that nothing is left to chance:

- A position is **selected** where `chance` is below 0.15 and its token is none of the
  `special` ones (padding, start, the mask token itself).
- Of the selected, by their `fate`: below 0.8 the token becomes `mask_token`; from 0.8
  up to but not including 0.9 it becomes the token that is `drawn` for this place; from
  0.9 on it stays.
- All other tokens stay.

Return the corrupted tokens, and the labels: the **original** token at every selected
position, −100 everywhere else. (−100 is what PyTorch's cross-entropy leaves out.)

Then try it on the page, where the models are: give the one that was trained on masks
alone a text without a single mask token, as in fine-tuning, and one with. Which of the
two did it meet in training, and what does it say where no mask stands?
"""

import numpy as np

from attn_course.authoring import (
    alternative,
    answer,
    check,
    exercise,
    inputs,
    misconception,
)
from attn_course.grading import close

exercise(
    level="core",
    minutes=15,
    hints=(
        "First the boolean table of what is selected. Everything else happens only "
        "where that table says True: what are the four cases of one position?",
        "`np.isin(tokens, special)` says where special tokens are. A selected token "
        "that stays is still asked for: what is its label?",
        "Start from a copy of the tokens; write the mask where selected & (fate < "
        "0.8), the drawn token where selected & (0.8 <= fate) & (fate < 0.9).",
    ),
)


@answer
def corrupt(tokens, chance, fate, drawn, mask_token, special):
    """What the model reads, and what it is to say where.

    tokens      (batch, positions)  int
    chance      (batch, positions)  float from 0 to 1, selects
    fate        (batch, positions)  float from 0 to 1, decides what becomes of it
    drawn       (batch, positions)  int, ordinary tokens
    mask_token  ()                  int
    special     (kinds,)            int, tokens that are never selected
    returns     two tables of ints (batch, positions): corrupted tokens and labels
    """
    ### BEGIN SOLUTION
    selected = (chance < 0.15) & ~np.isin(tokens, special)
    corrupted = np.where(selected & (fate < 0.8), mask_token, tokens)
    corrupted = np.where(selected & (fate >= 0.8) & (fate < 0.9), drawn, corrupted)
    return corrupted, np.where(selected, tokens, -100)
    ### END SOLUTION


@inputs
def draw(rng):
    """Rows with padding; numbers near the borders, and on them, more often than not."""
    batch, positions = rng.permutation(np.arange(3, 9))[:2]
    shape = (batch, positions)
    tokens = rng.integers(0, 12, size=shape)
    chance = rng.choice([0.0, 0.05, 0.1, 0.149, 0.15, 0.16, 0.7], size=shape)
    fate = rng.choice([0.0, 0.1, 0.5, 0.79, 0.8, 0.85, 0.9, 0.95], size=shape)
    drawn = rng.integers(4, 12, size=shape)
    return tokens, chance, fate, drawn, 3, np.array([0, 1, 3])


@alternative
def position_by_position(tokens, chance, fate, drawn, mask_token, special):
    """Each position for itself."""
    corrupted, labels = tokens.copy(), np.full_like(tokens, -100)
    for place in np.ndindex(tokens.shape):
        if chance[place] >= 0.15 or tokens[place] in special:
            continue
        labels[place] = tokens[place]
        if fate[place] < 0.8:
            corrupted[place] = mask_token
        elif fate[place] < 0.9:
            corrupted[place] = drawn[place]
    return corrupted, labels


@alternative
def by_select(tokens, chance, fate, drawn, mask_token, special):
    """One choice among three."""
    asked = (chance < 0.15) & (tokens[..., None] != special).all(axis=-1)
    choices = [~asked | (fate >= 0.9), fate < 0.8]
    corrupted = np.select(choices, [tokens, mask_token], drawn)
    return corrupted, np.select([asked], [tokens], -100)


@check(points=1)
def one_row_by_hand(corrupt):
    """Seven places: masked, exchanged, kept, three that are not selected, padding."""
    got = corrupt(
        np.array([[5, 6, 7, 8, 9, 4, 0]]),
        np.array([[0.1, 0.0, 0.14, 0.15, 0.5, 0.99, 0.01]]),
        np.array([[0.3, 0.85, 0.95, 0.2, 0.85, 0.95, 0.1]]),
        np.array([[4, 9, 4, 4, 5, 6, 7]]),
        2,
        np.array([0, 1, 2]),
    )
    both = isinstance(got, tuple | list) and len(got) == 2
    assert both, f"wanted two tables, corrupted tokens and labels, got {got!r}"
    close(got[0], np.array([[2, 9, 7, 8, 9, 4, 0]]), "corrupted")
    close(got[1], np.array([[5, 6, 7, -100, -100, -100, -100]]), "labels")


@check(points=1)
def borders_by_hand(corrupt):
    """Numbers on the borders: 0.15 selects no more, 0.8 exchanges, 0.9 keeps."""
    got = corrupt(
        np.array([[5, 6, 7, 8], [9, 8, 7, 6]]),
        np.array([[0.15, 0.0, 0.0, 0.0], [0.149, 0.151, 0.0, 0.0]]),
        np.array([[0.1, 0.8, 0.9, 0.799], [0.0, 0.0, 0.899, 0.99]]),
        np.array([[10, 11, 12, 13], [14, 15, 16, 17]]),
        3,
        np.array([0, 1, 3]),
    )
    both = isinstance(got, tuple | list) and len(got) == 2
    assert both, f"wanted two tables, corrupted tokens and labels, got {got!r}"
    close(got[0], np.array([[5, 11, 7, 3], [3, 8, 16, 6]]), "corrupted")
    close(got[1], np.array([[-100, 6, 7, 8], [9, -100, 7, 6]]), "labels")


@check(points=3, hidden=True)
def tables_against_the_definition(corrupt, rng):
    """Many positions, every case among them, against the definition."""
    tokens = rng.integers(0, 30, size=(11, 60))
    chance, fate = rng.random((11, 60)) / 3, rng.random((11, 60))
    drawn = rng.integers(5, 30, size=(11, 60))
    special = np.array([0, 1, 2, 4])
    wanted, labels = tokens.copy(), np.full((11, 60), -100)
    for place in np.ndindex(11, 60):
        if chance[place] < 0.15 and tokens[place] not in special:
            labels[place] = tokens[place]
            wanted[place] = [4, drawn[place], tokens[place]][
                int(fate[place] >= 0.8) + int(fate[place] >= 0.9)
            ]
    got = corrupt(tokens, chance, fate, drawn, 4, special)
    both = isinstance(got, tuple | list) and len(got) == 2
    assert both, f"wanted two tables, corrupted tokens and labels, got {got!r}"
    close(got[0], wanted, "corrupted")
    close(got[1], labels, "labels")


def _corrupt(tokens, chance, fate, drawn, mask_token, special, masked=0.8, end=0.9):
    """The corruption and what was selected, with other shares."""
    selected = (chance < 0.15) & ~np.isin(tokens, special)
    corrupted = np.where(selected & (fate < masked), mask_token, tokens)
    exchanged = selected & (fate >= masked) & (fate < end)
    return np.where(exchanged, drawn, corrupted), selected


@misconception(caught_by=one_row_by_hand)
def all_selected_are_masked(tokens, chance, fate, drawn, mask_token, special):
    """Every selected token becomes the mask. Then a place without a mask is always
    right, and the model need not look at it: what do `fate` and `drawn` decide?"""
    numbers = (tokens, chance, fate, drawn, mask_token, special)
    corrupted, selected = _corrupt(*numbers, masked=2, end=2)
    return corrupted, np.where(selected, tokens, -100)


@misconception(caught_by=one_row_by_hand)
def every_token_is_asked_for(tokens, chance, fate, drawn, mask_token, special):
    """Your labels hold all tokens. Most can be copied from the input, so the loss looks
    splendid and teaches copying: grade the model on the places you selected."""
    return _corrupt(tokens, chance, fate, drawn, mask_token, special)[0], tokens.copy()


@misconception(caught_by=one_row_by_hand)
def kept_ones_are_not_asked_for(tokens, chance, fate, drawn, mask_token, special):
    """Selected tokens that stay have no label in your table. They are selected too; it
    is they that make the model look at tokens that seem fine."""
    corrupted, selected = _corrupt(tokens, chance, fate, drawn, mask_token, special)
    return corrupted, np.where(selected & (fate < 0.9), tokens, -100)


@misconception(caught_by=one_row_by_hand)
def labels_after_the_damage(tokens, chance, fate, drawn, mask_token, special):
    """Your labels are read off the corrupted row, so the right answer is the mask. What
    stood there before?"""
    corrupted, selected = _corrupt(tokens, chance, fate, drawn, mask_token, special)
    return corrupted, np.where(selected, corrupted, -100)


@misconception(caught_by=one_row_by_hand)
def padding_takes_part(tokens, chance, fate, drawn, mask_token, special):
    """Padding is selected in your tables. A model that guesses padding earns an easy
    loss: leave out the special tokens, whatever their `chance`."""
    corrupted, selected = _corrupt(
        tokens, chance, fate, drawn, mask_token, np.array([-1])
    )
    return corrupted, np.where(selected, tokens, -100)


@misconception(caught_by=one_row_by_hand)
def shares_of_all_positions(tokens, chance, fate, drawn, mask_token, special):
    """You take 80 and 10 per cent of all positions, selected or not. They are shares of
    the selected ones: which places may change at all?"""
    ordinary = ~np.isin(tokens, special)
    corrupted = np.where(ordinary & (fate < 0.8), mask_token, tokens)
    corrupted = np.where(ordinary & (fate >= 0.8) & (fate < 0.9), drawn, corrupted)
    return corrupted, np.where(ordinary & (chance < 0.15), tokens, -100)


@misconception(caught_by=one_row_by_hand)
def random_and_kept_change_places(tokens, chance, fate, drawn, mask_token, special):
    """Masking is right; then you keep the tokens from 0.8 to 0.9 and exchange those
    above. Read the second item once more, from left to right."""
    selected = (chance < 0.15) & ~np.isin(tokens, special)
    corrupted = np.where(selected & (fate < 0.8), mask_token, tokens)
    corrupted = np.where(selected & (fate >= 0.9), drawn, corrupted)
    return corrupted, np.where(selected, tokens, -100)


@misconception(caught_by=tables_against_the_definition)
def nobody_stays(tokens, chance, fate, drawn, mask_token, special):
    """All that is not masked is exchanged in your tables. A tenth should stay as it is,
    so that a token that fits is not thereby suspect."""
    numbers = (tokens, chance, fate, drawn, mask_token, special)
    corrupted, selected = _corrupt(*numbers, end=2)
    return corrupted, np.where(selected, tokens, -100)


@misconception(caught_by=borders_by_hand)
def borders_belong_to_the_left(tokens, chance, fate, drawn, mask_token, special):
    """Only numbers on a border go wrong: 0.15, 0.8 and 0.9 belong to what comes after
    them. Is it "below" or "up to" in the statement?"""
    selected = (chance <= 0.15) & ~np.isin(tokens, special)
    corrupted = np.where(selected & (fate <= 0.8), mask_token, tokens)
    corrupted = np.where(selected & (fate > 0.8) & (fate <= 0.9), drawn, corrupted)
    return corrupted, np.where(selected, tokens, -100)


@misconception(caught_by=one_row_by_hand)
def zero_for_nothing_to_say(tokens, chance, fate, drawn, mask_token, special):
    """Where nothing is asked for you write 0, which is a token like any other, here the
    padding. The loss leaves out one number only: which?"""
    corrupted, selected = _corrupt(tokens, chance, fate, drawn, mask_token, special)
    return corrupted, np.where(selected, tokens, 0)
