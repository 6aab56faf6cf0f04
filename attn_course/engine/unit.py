"""One unit of work: plain data that says all that the verdict on a submission rests on.

Its key is a hash of that content. Two units of one key have one verdict, whoever finds
it and when; that is why a result can be kept for ever, and why a run that was cut off
has lost nothing of what was done.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any


@dataclass(frozen=True)
class Bundle:
    """The checks of one assignment as they travel: its modules, by file name."""

    assignment: str
    modules: dict[str, str]
    companion: str  # what lies beside a student's notebook
    homes: dict[str, str]  # the module of each check, by grade id

    @property
    def digest(self) -> str:
        """The same hash by which a `Rulebook` knows its modules."""
        texts = (self.modules[name].encode() for name in sorted(self.modules))
        return hashlib.sha256(b"\0".join(texts)).hexdigest()


@dataclass(frozen=True)
class Unit:
    """A submission on the skeleton of its assignment, and what it is judged by.

    Seeds come as text, made by whoever knows the course's secret. `known` maps checks
    to verdicts that need not be found again; it is no part of what the unit is.
    """

    student: str
    submission: str  # content_digest of the notebook
    notebook: str  # JSON
    bundle: Bundle
    named: dict[str, list]  # mistakes that an instructor has named, by check
    seeds: dict[str, str]
    environment: str
    sandboxed: bool = True
    seconds: float = 20.0  # wall time for a cell
    known: dict[str, dict[str, Any]] = field(default_factory=dict, compare=False)

    @cached_property
    def key(self) -> str:
        """A hash of everything that can make a difference to the result."""
        content = asdict(self)
        del content["known"]
        return _hash(content)

    def check_key(self, check: str) -> str:
        """Return a hash of what the verdict on one check rests on.

        The other exercises' modules are left out. Their checks call the same kernel,
        so a function that counts its calls could tell whether they ran; no check may
        rest on that, and an answer that does is no better for it. What those functions
        return to this check's own calls, on this seed, is the verdict.
        """
        return _hash(
            {
                "submission": self.submission,
                "module": self.bundle.modules[self.bundle.homes[check]],
                "named": self.named.get(check, []),
                "seed": self.seeds[check],
                "environment": self.environment,
                "sandboxed": self.sandboxed,
                "seconds": self.seconds,
            }
        )

    @property
    def about(self) -> dict[str, Any]:
        """What identifies this grading of this submission."""
        return {
            "assignment": self.bundle.assignment,
            "student": self.student,
            "submission": self.submission,
            "modules": self.bundle.digest,
            "environment": self.environment,
            "sandboxed": self.sandboxed,
        }

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Unit":
        content = json.loads(text)
        return cls(**{**content, "bundle": Bundle(**content["bundle"])})


def _hash(content: Any) -> str:
    text = json.dumps(content, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
