"""Hold one attention against every law and say what was found."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from attn_course.conformance.case import Case, make_case
from attn_course.conformance.laws import LAWS, Attention


@dataclass(frozen=True)
class Verdict:
    """Whether one law holds. `why` is what was seen, or the reason of an exception."""

    law: str
    holds: bool
    excepted: bool
    why: str = ""


def examine(
    attention: Attention,
    *,
    excepted: Mapping[str, str] | None = None,
    square: bool = False,
    mask: Literal["pairs", "keys", "none"] = "pairs",
    seed: int = 0,
    **sizes,
) -> list[Verdict]:
    """Try each law on a drawn case.

    Parameters
    ----------
    attention
        Called as ``attention(query, keys, values, allowed)``; returns the output.
    excepted
        Laws that this attention does not claim to obey, each with the reason. An
        exception that turns out to be unnecessary is a finding: the law is tried, and
        if it holds the verdict says so.
    square
        Whether there must be as many queries as keys, as in self-attention.
    mask
        What masks it takes. With "keys", all queries of a case may attend to the same
        keys; with "none", to all.
    sizes
        Of the axes, as in `make_case`.

    Raises
    ------
    ValueError
        If an exception names no law.

    Examples
    --------
    >>> def mean(query, keys, values, allowed):
    ...     return np.broadcast_to(
    ...         values.mean(axis=-2, keepdims=True),
    ...         (*query.shape[:-1], values.shape[-1]),
    ...     )
    >>> [v.law for v in examine(mean) if not v.holds][:2]
    ['hidden keys weigh nothing', 'the future has no influence']
    """
    excepted = dict(excepted or {})
    if strange := set(excepted) - set(LAWS):
        raise ValueError(
            f"examine: wanted exceptions among {', '.join(LAWS)}, got {min(strange)}"
        )
    if square:
        sizes["queries"] = sizes["keys"] = sizes.get("keys", 7)
    verdicts = []
    for name in LAWS:
        case = make_case(np.random.default_rng(seed), **sizes)
        case = case.but(allowed=_within(mask, case.allowed))
        verdicts.append(_verdict(name, attention, case, excepted.get(name)))
    return verdicts


def _within(mask: str, allowed: np.ndarray) -> np.ndarray:
    """Keep of a mask over pairs what a mask of this kind can say."""
    if mask == "none":
        return np.ones_like(allowed)
    return allowed[..., :1, :] | np.zeros_like(allowed) if mask == "keys" else allowed


def _verdict(name: str, attention: Attention, case: Case, reason) -> Verdict:
    try:
        LAWS[name](attention, case)
    except Exception as error:
        seen = str(error) or type(error).__name__
        return Verdict(name, False, reason is not None, reason or seen)
    return Verdict(name, True, reason is not None, reason or "")


def table(verdicts: list[Verdict]) -> str:
    """Write verdicts as lines of text.

    Examples
    --------
    >>> print(table([Verdict("rows sum to one", False, False, "got 2")]))
    broken    rows sum to one: got 2
    """
    words = {
        (True, False): "holds",
        (False, False): "broken",
        (False, True): "excepted",
        (True, True): "holds, though excepted",
    }
    return "\n".join(
        f"{words[v.holds, v.excepted]:<10}{v.law}{': ' + v.why if v.why else ''}"
        for v in verdicts
    )
