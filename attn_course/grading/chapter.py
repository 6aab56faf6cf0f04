"""The chapter a student is working on: its hints, and its known mistakes.

Both come from one JSON file beside the notebook. It holds what mistakes look like
from outside (fingerprints of their outputs), and no answer.
"""

import json
from collections.abc import Callable
from pathlib import Path

from attn_course.grading.run import run


class Chapter:
    """What `open_chapter` returns; `run` and `hint` are what a notebook uses."""

    def __init__(self, exercises: dict[str, dict]):
        self.exercises = exercises
        self.current = next(iter(exercises), None)

    def begin(self, exercise: str) -> None:
        """Make `exercise` the one that `hint` speaks of."""
        self.current = exercise

    def run(self, check: Callable, answer: Callable) -> None:
        """Run `check` on `answer`; on failure say which known mistake it is, if any."""
        name = getattr(answer, "__name__", None)
        self.current = name if name in self.exercises else self.current
        checks = self.exercises.get(self.current, {}).get("checks", {})
        run(check, answer, known=checks.get(check.__name__))

    def hint(self, number: int = 1) -> None:
        """Print hint `number` (1 to 3) for the exercise whose cells ran last."""
        facts = self.exercises.get(self.current)
        if facts is None:
            print("No hints here: the file that holds them is missing.")
            return
        if str(number) not in ("1", "2", "3"):
            print(f"There are three hints: hint(1), hint(2), hint(3); not {number!r}.")
            return
        print(
            f"{facts['title']}, hint {number} of 3: {facts['hints'][int(number) - 1]}"
        )


def open_chapter(name: str, folder: str | Path = ".") -> Chapter:
    """Return the chapter `name`, whose JSON file lies in `folder`.

    Without the file the checks still run; hints and diagnoses are what is missing,
    and that is said.
    """
    path = Path(folder) / f"{name}.json"
    try:
        return Chapter(json.loads(path.read_text("utf8")))
    except FileNotFoundError:
        print(
            f"{path.name} is not beside this notebook, so there are no hints and no "
            f"diagnoses. Copy it from where you got the notebook."
        )
    except (json.JSONDecodeError, UnicodeDecodeError):
        print(f"{path.name} is damaged. Copy it again from where you got the notebook.")
    return Chapter({})
