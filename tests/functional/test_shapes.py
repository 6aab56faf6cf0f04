"""The shapes in the signatures are the shapes that come and go.

jaxtyping and beartype check every call that the examples and the tests of `functional`
make, in a process of its own: students and readers do not pay for it. Left out are the
tests whose name says "refuses", which break the promises of the signature on purpose,
and those that train, which make the same calls many times; for the same reason
hypothesis draws few examples. What a call needs of memory is no matter of shapes.
"""

import inspect
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import attn_course
import attn_course.functional as functional

PACKAGE = Path(attn_course.__file__).parent / "functional"
HERE = Path(__file__).parent
LEFT_OUT = ("refuses", "learns", "trained", "needs_no_more_memory", "test_shapes")
CALLS = " and ".join(f"not {word}" for word in LEFT_OUT)
PUBLIC = {
    name: thing
    for name, thing in vars(functional).items()
    if name[0] != "_" and not inspect.ismodule(thing)
}


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_has_an_example(name):
    text = inspect.getdoc(PUBLIC[name]) or ""
    assert ">>> " in text, f"{name} has no example"


def test_shapes_hold_at_every_call():
    command = """
        -m pytest -q -x -p no:cacheprovider --hypothesis-profile=few
        --jaxtyping-packages=attn_course.functional,typechecker.check
    """.split()
    done = subprocess.run(
        [sys.executable, *command, "-k", CALLS, str(PACKAGE), str(HERE)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(HERE)},
    )
    assert done.returncode == 0, done.stdout[-3000:]


def test_a_shape_or_dtype_that_is_not_the_promised_one_is_seen():
    code = """
from jaxtyping import TypeCheckError, install_import_hook
with install_import_hook("attn_course.functional", "beartype.beartype"):
    from attn_course.functional import *
import numpy as np
query, keys = np.zeros((2, 3, 5)), np.zeros((2, 7, 5))
for call in (
    lambda: gaussian_scores(query, keys[..., 1:], 0.5),
    lambda: attend(query[0, 0], keys, keys),
    lambda: softmax(query > 0),
):
    try:
        call()
    except TypeCheckError:
        print("seen")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.split() == ["seen"] * 3, done.stderr


def test_outside_this_file_nothing_is_checked_twice():
    assert functional.softmax(np.zeros(2), axis=np.int64(0)).tolist() == [0.5, 0.5]
