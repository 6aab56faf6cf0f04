"""File names for students' pages, whatever their ids look like."""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

PLAIN = re.compile(r"\w[\w@+.-]{0,59}")  # no separators, no spaces, no leading dot
DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
OWN_ENDING = re.compile(r"-[0-9a-f]{12}")


def page_names(students: Iterable[str]) -> dict[str, str]:
    """Return a file name for each student: the id where it can be one.

    Otherwise it is what can be kept of the id and a hash of it, so that no two students
    share a page: not where names fold to the same on a disk, and not on purpose.

    Examples
    --------
    >>> page_names(["ada", "../ada"])
    {'ada': 'ada.html', '../ada': 'ada-60088279524e.html'}
    """
    students = list(students)
    folded = Counter(map(_folded, students))
    return {
        student: f"{student}.html"
        if _is_plain(student) and folded[_folded(student)] == 1
        else f"{_kept(student)}-{_hash(student)}.html"
        for student in students
    }


def _is_plain(student: str) -> bool:
    return bool(
        PLAIN.fullmatch(student)
        and not DEVICES.fullmatch(student)
        and not OWN_ENDING.search(student)
        and student == unicodedata.normalize("NFC", student)
    )


def _folded(student: str) -> str:
    return unicodedata.normalize("NFC", student).casefold()


def _kept(student: str) -> str:
    return re.sub(r"\W+", "-", student, flags=re.ASCII).strip("-_")[:40] or "student"


def _hash(student: str) -> str:
    return hashlib.sha256(student.encode("utf8", "surrogateescape")).hexdigest()[:12]
