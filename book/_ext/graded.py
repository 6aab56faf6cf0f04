"""The directive that shows an exercise on a page.

    ```{graded} ch02_soft_lookup/e01_stable_softmax
    ```

reads `solutions/ch02_soft_lookup/e01_stable_softmax.py` and shows its title as a
heading, what it costs and gives, the statement, the hints one inside the other, and
the notebook to work it in. The statement has one source, the module; a page cannot
disagree with it. The same name refers to the exercise from anywhere in the book:
`` {ref}`ch02_soft_lookup/e01_stable_softmax` ``.

Answers, checks and misconceptions are never shown.
"""

from html import escape
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

from attn_course.authoring import load


def cost(exercise) -> str:
    """Say level, time and points in one line.

    >>> from types import SimpleNamespace as Made
    >>> cost(Made(level="core", minutes=10, points=4, hidden_points=2))
    'core · 10 minutes · 4 points (2 of them hidden until you hand in)'
    """
    points = f"{exercise.points} point{'s' if exercise.points != 1 else ''}"
    if exercise.hidden_points:
        points += f" ({exercise.hidden_points} of them hidden until you hand in)"
    return f"{exercise.level} · {exercise.minutes} minutes · {points}"


class Graded(SphinxDirective):
    """Show the exercise named `chapter/module`."""

    required_arguments = 1
    has_content = False

    def run(self):
        name = self.arguments[0]
        root = Path(self.env.srcdir).parent
        path = root / "solutions" / f"{name}.py"
        for source in (path, *sorted(root.glob("attn_course/**/*.py"))):
            self.env.note_dependency(str(source))
        try:
            exercise = load(path)
        except ValueError as error:  # ExerciseError says file and line
            raise self.error(f"graded: {error}") from error
        return [self.section(name, exercise)]

    def section(self, name: str, exercise) -> nodes.section:
        """Build the section, with a label of the directive's own name."""
        made = nodes.section(names=[name], classes=["graded"])
        made += self.heading(exercise.title)
        made += nodes.paragraph("", cost(exercise), classes=["graded-cost"])
        self.render(exercise.statement.partition("\n")[2], made)
        for number, hint in reversed(list(enumerate(exercise.hints, 1))):
            inner = made.pop() if isinstance(made[-1], Hint) else None
            made += self.hint(f"Hint {number}", hint, inner)
        chapter = name.partition("/")[0]
        notebook = f"notebooks/{chapter}/{chapter}.ipynb"
        beside = notebook.replace(".ipynb", ".json")
        self.render(
            f"Work it in {{download}}`{notebook} </../{notebook}>`; hints and "
            f"diagnoses need {{download}}`its companion </../{beside}>` beside it.",
            made,
        )
        self.state.document.note_explicit_target(made, made)
        return made

    def heading(self, title: str) -> nodes.title:
        parts, _ = self.state.inline_text(title, self.lineno)
        return nodes.title(title, "", *parts)

    def hint(self, label: str, text: str, inner: "Hint | None") -> "Hint":
        """Build one hint; the next, if there is one, waits inside it."""
        made = Hint(label=label)
        self.render(text, made)
        if inner is not None:
            made += inner
        return made

    def render(self, text: str, parent: nodes.Element):
        """Read `text` as the page itself is read, and append it to `parent`."""
        lines = StringList(text.splitlines(), source=self.get_source_info()[0])
        self.state.nested_parse(lines, 0, parent)


class Hint(nodes.container):
    """A closed box: `<details>` in HTML, plain text where nothing can be opened."""


def open_hint(translator, node):
    label = escape(node["label"])
    translator.body.append(f'<details class="hint"><summary>{label}</summary>\n')


def close_hint(translator, node):
    translator.body.append("</details>\n")


def show_plainly(translator, node):
    """Leave the contents to the builder."""


def setup(app):
    plain = (show_plainly, show_plainly)
    app.add_node(Hint, html=(open_hint, close_hint), latex=plain, text=plain, man=plain)
    app.add_directive("graded", Graded)
