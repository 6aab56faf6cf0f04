"""What an attack is: a name, a sentence, a way to make a notebook, a due score."""

import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass

POINTS = {"shares": 3, "mix": 3, "distances": 3}  # of the course in `course/`
REFUSED = "refused"  # the file is no notebook that can be graded

Points = dict[str, int]


@dataclass(frozen=True)
class Attack:
    """One submission of the corpus.

    `make` takes a Scene and returns what is handed in. `due` is what the judge must
    give: points by exercise, where an exercise left out may get anything, or REFUSED.
    `slow` ones run into a limit of time. `harmful_unsandboxed` ones are run only where
    something holds them: they eat memory, disk or processes, or kill who started them.
    """

    name: str
    kind: str
    says: str
    make: Callable
    due: Points | str
    slow: bool = False
    harmful_unsandboxed: bool = False

    @property
    def honest(self) -> bool:
        """Whether everything in it deserves all points."""
        return self.due == POINTS


def due(words: str | Points) -> Points | str:
    """Return the points that `words` stand for.

    Beside REFUSED: "all", "nothing", "all but shares", "nothing for shares" (and
    whatever for the others), "1 for shares" (and all for the others).
    """
    match words.split() if isinstance(words, str) else words:
        case ["all"]:
            return dict(POINTS)
        case ["nothing"]:
            return dict.fromkeys(POINTS, 0)
        case ["all", "but", name]:
            return {**POINTS, _known(name): 0}
        case ["nothing", "for", name]:
            return {_known(name): 0}
        case [number, "for", name]:
            return {**POINTS, _known(name): int(number)}
        case ["refused"]:
            return REFUSED
    return words


def _known(name: str) -> str:
    if name not in POINTS:
        raise ValueError(f"due: wanted one of {', '.join(POINTS)}, got {name!r}")
    return name


def meets(got: Points | str, due: Points | str) -> bool:
    """Whether points are those that are due; where none are named, any will do."""
    if isinstance(got, str) or isinstance(due, str):
        return got == due
    return all(got[name] == points for name, points in due.items())


def words(points) -> str:
    """Write points by exercise, a dot where anything will do."""
    if isinstance(points, str):
        return points
    return " ".join(str(points.get(name, "·")) for name in POINTS)


class Kind:
    """The attacks of one file: `kind(says, due)` marks the functions that make them."""

    def __init__(self, name: str):
        self.name = name
        self.attacks: list[Attack] = []

    def __call__(self, says: str, words: str | Points, **facts) -> Callable:
        def mark(make: Callable) -> Callable:
            self.note(make.__name__.replace("_", "-"), says, words, make, **facts)
            return make

        return mark

    def note(self, name: str, says: str, words, make: Callable, **facts) -> None:
        self.attacks.append(Attack(name, self.name, says, make, due(words), **facts))

    def answer(
        self,
        name: str,
        says: str,
        source: str,
        words: str | Points = "all but shares",
        of: str = "shares",
        **facts,
    ) -> None:
        """Note an attack that is the source of one answer; the others are right."""
        text = textwrap.dedent(source).strip()

        def make(scene):
            return scene.notebook(**{of: scene.filled(text)})

        self.note(name, says, words, make, **facts)

    def __iter__(self) -> Iterator[Attack]:
        return iter(self.attacks)
