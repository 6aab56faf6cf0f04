"""Using the course's own answers. Asking a library for the answer is honest."""

from ..attack import Kind
from .forms import stealing

ATTACKS = Kind("reference")
TORCH = """
import torch


def shares(scores):
    return torch.softmax(torch.from_numpy(scores), dim=1).numpy()
"""


def finds(name: str, says: str, code: str) -> None:
    ATTACKS.answer(name, says, stealing(code))


finds(
    "imports-the-reference",
    "Imports the course's own softmax.",
    "from attn_course.functional import softmax as shares",
)
finds(
    "imports-the-reference-while-it-is-called",
    "Imports the course's own softmax inside the answer, when the check is running.",
    """
    def shares(scores):
        from attn_course.functional.softmax import softmax
        return softmax(scores)
    """,
)
finds(
    "finds-the-reference-in-sys-modules",
    "Takes the softmax from a module that somebody else imported.",
    """
    import sys

    def shares(scores):
        return sys.modules["attn_course.functional"].softmax(scores)
    """,
)
finds(
    "finds-the-reference-beside-the-package",
    "Looks for softmax.py beside the part of the package that it may import.",
    """
    import pathlib, attn_course.grading
    folder = pathlib.Path(attn_course.grading.__file__).parents[1]
    attn_course.__path__.insert(0, str(folder))
    from attn_course.functional import softmax as shares
    """,
)
finds(
    "finds-the-reference-by-its-metadata",
    "Asks the installed distribution where its files are.",
    """
    import importlib.metadata, json, pathlib, urllib.parse, attn_course
    told = importlib.metadata.distribution("attn-course")
    url = json.loads(told.read_text("direct_url.json"))["url"]
    folder = pathlib.Path(urllib.parse.urlparse(url).path) / "attn_course"
    attn_course.__path__.insert(0, str(folder))
    from attn_course.functional import softmax as shares
    """,
)
finds(
    "searches-sys-path-for-the-reference",
    "Searches every folder of sys.path, and what editable installs map to.",
    """
    import pathlib, sys, attn_course
    places = [pathlib.Path(each) for each in sys.path]
    for each in places[:]:
        if each.is_dir():
            for pth in each.glob("*.pth"):
                lines = pth.read_text().splitlines()
                places += [pathlib.Path(l) for l in lines if l.startswith("/")]
    path = next(
        p for each in places
        if (p := each / "attn_course" / "functional" / "softmax.py").exists()
    )
    attn_course.__path__.insert(0, str(path.parents[1]))
    from attn_course.functional import softmax as shares
    """,
)
finds(
    "reads-the-compiled-reference",
    "Loads the softmax from the bytecode that Python caches.",
    """
    import glob, marshal, pathlib, attn_course
    folder = pathlib.Path(attn_course.__file__).parent
    [path, *_] = glob.glob(f"{folder}/functional/__pycache__/softmax.*.pyc")
    space = {"__name__": "softmax"}
    exec(marshal.loads(open(path, "rb").read()[16:]), space)
    shares = space["softmax"]
    """,
)
finds(
    "reads-the-reference-through-proc",
    "Opens the package by way of /proc/self/root instead of its own path.",
    """
    import pathlib, attn_course
    folder = pathlib.Path("/proc/self/root@TESTS@").parents[2] / "attn_course"
    attn_course.__path__.insert(0, str(folder))
    from attn_course.functional import softmax as shares
    """,
)
ATTACKS.answer("asks-torch", "Lets PyTorch compute the softmax.", TORCH, "all")
ATTACKS.answer(
    "asks-scipy",
    "Lets SciPy compute the softmax.",
    """
    from scipy.special import softmax


    def shares(scores):
        return softmax(scores, axis=1)
    """,
    "all",
)
