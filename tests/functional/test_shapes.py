"""The shapes in the signatures are the shapes that come and go.

jaxtyping and beartype check them at every call, in a process of its own: students and
readers do not pay for it.
"""

import subprocess
import sys

import numpy as np
import pytest

import attn_course.functional as functional

BEFORE = """
from jaxtyping import install_import_hook

with install_import_hook("attn_course.functional", "beartype.beartype"):
    import attn_course.functional as functional
import numpy as np

rng = np.random.default_rng(0)
query, keys = rng.normal(size=(2, 3, 5)), rng.normal(size=(2, 7, 5))
values, allowed = rng.normal(size=(2, 7, 11)), rng.random((3, 7)) < 0.5
weights = functional.softmax(query @ keys.swapaxes(-1, -2), where=allowed)
"""

CALLS = {
    "softmax": "functional.softmax(query, axis=1, where=query > 0, temperature=2.0)",
    "log_softmax": "functional.log_softmax(query, where=query > 0)",
    "logsumexp": "functional.logsumexp(query, axis=-2)",
    "entropy": "functional.entropy(weights, base=2.0)",
    "attend": "functional.attend(query, keys, values, allowed=allowed)",
    "dot_scores": "functional.dot_scores(query, keys)",
    "gaussian_scores": "functional.gaussian_scores(query, keys, 0.5)",
    "nadaraya_watson": "functional.nadaraya_watson(query, keys, values, 0.5)",
    "leave_one_out_error": "functional.leave_one_out_error(keys[0], values[0], 0.5)",
    "split": "functional.split(13, (0.5, 0.5), rng)",
    "best_epoch": "functional.best_epoch([3.0, 1.0, 2.0, 2.5], patience=2)",
    "Mean": "functional.Mean().add(2.0, 3)",
}


def run(call: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", f"{BEFORE}\n{call}"], capture_output=True, text=True
    )


def test_every_public_name_is_called():
    assert set(CALLS) == {name for name in vars(functional) if name[0] != "_"} - {
        "attention",
        "kernel",
        "training",
    }


def test_shapes_hold_at_every_call():
    done = run("\n".join(CALLS.values()))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "call",
    [
        "functional.gaussian_scores(query, keys[..., 1:], 0.5)",
        "functional.attend(query[0, 0], keys, values)",
        "functional.softmax(query > 0)",
    ],
)
def test_a_shape_or_dtype_that_is_not_the_promised_one_is_seen(call):
    assert "TypeCheckError" in run(call).stderr


def test_outside_this_file_nothing_is_checked_twice():
    assert functional.softmax(np.array([1, 1])).tolist() == [0.5, 0.5]
