"""The shapes in the signatures are the shapes that come and go; names have examples.

jaxtyping and beartype check every call that the examples and the tests of `nn` make, in
a process of its own: students and readers do not pay for it. Left out are the tests
whose name says "refuses", and those that train: they make the same calls many times.
For the same reason hypothesis draws few examples.
"""

import inspect
import os
import subprocess
import sys
from pathlib import Path

import pytest

import attn_course
import attn_course.nn as nn

PACKAGE = Path(attn_course.__file__).parent / "nn"
HERE = Path(__file__).parent
CHECKER = HERE.parent / "functional"  # where typechecker.py is
CALLS = "not refuses and not learns and not test_shapes"
PUBLIC = {
    name: thing
    for name, thing in vars(nn).items()
    if name[0] != "_" and not inspect.ismodule(thing)
}


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_has_an_example(name):
    text = inspect.getdoc(PUBLIC[name]) or ""
    assert ">>> " in text or "See `" in text, f"{name} has no example"


def test_shapes_hold_at_every_call():
    command = """
        -m pytest -q -x -p no:cacheprovider --hypothesis-profile=few
        --jaxtyping-packages=attn_course.nn,typechecker.check
    """.split()
    done = subprocess.run(
        [sys.executable, *command, "-k", CALLS, str(PACKAGE), str(HERE)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(CHECKER)},
    )
    assert done.returncode == 0, done.stdout[-3000:]


def test_a_shape_or_dtype_that_is_not_the_promised_one_is_seen():
    code = """
from jaxtyping import TypeCheckError, install_import_hook
with install_import_hook("attn_course.nn", "beartype.beartype"):
    from attn_course.nn import *
import torch
x = torch.zeros(2, 3, 5)
for call in (
    lambda: attention(x, x, x[..., 0] > 0),
    lambda: masked_softmax(x > 0),
    lambda: RMSNorm(5)(x.long()),
    lambda: MultiHeadAttention(5, 1)(x[0]),
):
    try:
        call()
    except TypeCheckError:
        print("seen")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.split() == ["seen"] * 4, done.stderr
