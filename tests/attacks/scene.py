"""Where an attack takes place: the course, its places, and an honest notebook.

Attackers are told more than students know: the path of everything that is worth
reading, and the port of an accomplice on the same machine.
"""

import copy
import json
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

NAME = "ch01_target"
HERE = Path(__file__).parent
RIGHT = {
    "shares": """def shares(scores):
    exps = np.exp(scores - scores.max(axis=1, keepdims=True))
    return exps / exps.sum(axis=1, keepdims=True)""",
    "mix": "def mix(weights, values):\n    return weights @ values",
    "distances": """def distances(queries, keys):
    return ((queries[:, None] - keys[None]) ** 2).sum(axis=-1)""",
}
WRONG = {
    "shares": "def shares(scores):\n    return scores / 2",
    "mix": "def mix(weights, values):\n    return weights[:, :1] + values[:1]",
    "distances": "def distances(queries, keys):\n    return 1 + queries @ keys.T",
}


@dataclass(frozen=True)
class Folder:
    """A submission of several files, by their names."""

    files: dict[str, str]


@dataclass(frozen=True)
class Scene:
    """The places of one course, as an attacker knows them."""

    released: NotebookNode
    instructor: Path  # the notebook with the solutions
    modules: Path  # the folder of the exercise modules
    gradebook: Path
    submitted: Path
    autograded: Path
    home: Path
    shared: Path  # a folder that everybody on the machine may write to
    port: int  # of the accomplice
    address: str  # of the machine, other than loopback

    def notebook(self, **sources: str) -> NotebookNode:
        """Return the released notebook with right answers, or those given by name."""
        return self.written({**RIGHT, **sources})

    def wrong(self, **sources: str) -> NotebookNode:
        """Return the notebook in which every answer is wrong but those given."""
        return self.written({**WRONG, **sources})

    def written(self, sources: dict[str, str]) -> NotebookNode:
        notebook = copy.deepcopy(self.released)
        for cell in notebook.cells:
            facts = cell.metadata.get("nbgrader", {})
            if facts.get("solution"):
                cell.source = sources[facts["grade_id"]]
        return notebook

    def filled(self, text: str) -> str:
        """Return `text` with places like @HOME@ replaced by their paths."""
        places = {
            "INSTRUCTOR": self.instructor,
            "MODULES": self.modules,
            "GRADEBOOK": self.gradebook,
            "SUBMITTED": self.submitted,
            "AUTOGRADED": self.autograded,
            "HOME": self.home,
            "SHARED": self.shared,
            "TESTS": HERE / "course",
            "MEMORY": f"/dev/shm/attn-attack-{self.port}.py",
            "PORT": self.port,
            "ADDRESS": self.address,
        }
        for place, where in places.items():
            text = text.replace(f"@{place}@", str(where))
        return text


def grade_id(cell: NotebookNode) -> str:
    return cell.metadata.get("nbgrader", {}).get("grade_id", "")


def place(notebook: NotebookNode, name: str) -> int:
    """Return where the cell with this grade id stands."""
    return next(i for i, cell in enumerate(notebook.cells) if grade_id(cell) == name)


def cell_of(notebook: NotebookNode, name: str) -> NotebookNode:
    return notebook.cells[place(notebook, name)]


def checks(notebook: NotebookNode, exercise: str = "") -> list[NotebookNode]:
    """Return the cells that are checks, of one exercise or of all."""
    return [c for c in notebook.cells if f"{exercise}-" in grade_id(c)]


def with_cell(notebook: NotebookNode, source: str, before: str) -> NotebookNode:
    """Return the notebook with a student's own code cell before a graded one."""
    made = nbformat.v4.new_code_cell(source, id=f"own-{len(notebook.cells)}")
    notebook.cells.insert(place(notebook, before), made)
    return notebook


def at_end(notebook: NotebookNode, source: str) -> NotebookNode:
    notebook.cells.append(nbformat.v4.new_code_cell(source, id="own-last"))
    return notebook


def text(notebook: NotebookNode) -> str:
    """Write a notebook as it is: nbformat would mend what is wrong on purpose."""
    return json.dumps(notebook)
