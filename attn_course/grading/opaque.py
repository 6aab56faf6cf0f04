"""What stands for a thing that is no plain data: its type's name and a short text."""

import re
from dataclasses import dataclass
from typing import Any

LONGEST_KIND = 60
LONGEST_TEXT = 200
WORTH_SHOWING = 1000  # things in a set, say; the text of more is long in the making
KIND = re.compile(rf"\w{{1,{LONGEST_KIND}}}")

_name_of = type.__dict__["__name__"].__get__  # whatever a metaclass says


@dataclass(frozen=True, slots=True, repr=False)
class Opaque:
    """Something of type `kind` that stayed where it is; it showed itself as `text`.

    Both are words to be read. Nothing is looked up by them and nothing evaluated.
    """

    kind: str
    text: str = ""

    def __repr__(self) -> str:
        return self.text or f"<{self.kind}>"


def opaque(value: Any) -> Opaque:
    """Return what stands for `value`, whatever its class makes of being looked at."""
    if type(value) is Opaque:
        return Opaque(_word(value.kind), _shown(value.text))
    return Opaque(_word(_name_of(type(value))), _shown(attempt(_text_of, value)))


def attempt(function, value: Any) -> Any:
    """Return ``function(value)``, or None if that raises, whatever it raises."""
    try:
        return function(value)
    except KeyboardInterrupt:
        raise
    except BaseException:
        return None


def _text_of(value: Any) -> str:
    sized = hasattr(type(value), "__len__") and not hasattr(type(value), "__array__")
    return "" if sized and len(value) > WORTH_SHOWING else repr(value)


def _word(name: Any) -> str:
    word = re.sub(r"\W", "_", name) if type(name) is str else ""
    return word[:LONGEST_KIND] or "object"


def _shown(text: Any) -> str:
    """Return a text of any length as one that every screen and file can take."""
    plain = str.__str__(text)[:LONGEST_TEXT] if issubclass(type(text), str) else ""
    return plain.encode(errors="replace").decode()
