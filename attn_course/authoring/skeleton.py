"""Start a chapter or an exercise: files that say what is still missing."""

import keyword
import re
from pathlib import Path

from attn_course.authoring.files import write_whole
from attn_course.authoring.templates import EXERCISE, PAGE

CHAPTER = re.compile(r"ch\d\d_[a-z0-9_]+")
NAME = re.compile(r"[a-z][a-z0-9_]*")
USED = ("chapter", "close", "hint", "np")  # a student's notebook has these already


class SkeletonError(ValueError):
    """A name that cannot be used; says what it should look like."""


def new_chapter(root: Path, name: str, title: str | None = None) -> list[Path]:
    """Write the page and the folder of a new chapter; return what was written.

    Raises
    ------
    SkeletonError
        If the name has the wrong form or the chapter exists; nothing is written.
    """
    if not CHAPTER.fullmatch(name):
        raise SkeletonError(f"chapter: wanted a name like ch03_scores, got {name!r}")
    page, toc = root / "book" / f"{name}.md", root / "book" / "_toc.yml"
    _refuse_to_overwrite(page)
    label = name.partition("_")[2]
    title = title or label.replace("_", " ").capitalize()
    contents = _with_entry(toc.read_text("utf8"), name)
    write_whole(page, PAGE.format(label=label.replace("_", "-"), title=title))
    write_whole(toc, contents)
    folder = root / "solutions" / name
    folder.mkdir(parents=True, exist_ok=True)
    return [page, toc, folder]


def new_exercise(root: Path, chapter: str, name: str) -> list[Path]:
    """Write the skeleton of an exercise and put it on the chapter's page.

    Raises
    ------
    SkeletonError
        If a name has the wrong form, the page is missing, or the exercise exists;
        nothing is written.
    """
    if not NAME.fullmatch(name):
        raise SkeletonError(f"exercise: wanted a name like weighted_read, got {name!r}")
    if keyword.iskeyword(name):
        raise SkeletonError(f"exercise: {name!r} is a word of Python; choose another")
    if name in USED:
        raise SkeletonError(f"exercise: notebooks use {name!r} already; choose another")
    page, folder = root / "book" / f"{chapter}.md", root / "solutions" / chapter
    if not page.exists():
        known = ", ".join(path.stem for path in sorted(page.parent.glob("ch*.md")))
        raise SkeletonError(f"there is no chapter {chapter!r}; there are: {known}")
    taken = [path for path in folder.glob("e*.py") if path.stem[4:] == name]
    _refuse_to_overwrite(*taken)
    number = 1 + max((int(p.stem[1:3]) for p in folder.glob("e[0-9]*.py")), default=0)
    path = folder / f"e{number:02}_{name}.py"
    contents = _with_directive(page, f"{chapter}/{path.stem}")
    title = name.replace("_", " ").capitalize()
    write_whole(path, EXERCISE.format(name=name, title=title))
    write_whole(page, contents)
    return [path, page]


def _with_entry(toc: str, name: str) -> str:
    """Return the table of contents with `name` in its place among the chapters."""
    toc = toc if toc.endswith("\n") else f"{toc}\n"
    entry = r"^( *)- file: *(ch\d\d_\w+)[ \t]*(?:[ \t]#.*)?\n"
    entries = list(re.finditer(entry, toc, re.MULTILINE))
    if not entries:
        raise SkeletonError("book/_toc.yml lists no chapter to put the new one beside")
    before = [entry for entry in entries if entry[2] < name]
    place = before[-1].end() if before else entries[0].start()
    line = f"{(before or entries)[-1][1]}- file: {name}\n"
    return toc[:place] + line + toc[place:]


def _with_directive(page: Path, target: str) -> str:
    """Return the page with the exercise at the end of its section of exercises."""
    text = page.read_text("utf8")
    heading = re.search(r"^## Exercises\n", text, re.MULTILINE)
    if heading is None:
        raise SkeletonError(f"{page}: there is no section '## Exercises'")
    following = re.search(r"^## ", text[heading.end() :], re.MULTILINE)
    end = heading.end() + following.start() if following else len(text)
    block = f"\n```{{graded}} {target}\n```\n\n"
    return f"{text[:end].rstrip()}\n{block}{text[end:]}"


def _refuse_to_overwrite(*paths: Path) -> None:
    for path in paths:
        if path.exists():
            raise SkeletonError(f"{path} exists already")
