"""A short run of the fuzzer: mutations by hypothesis, and by atheris where it is."""

import importlib.util
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

SCRIPT = Path(__file__).with_name("fuzz_wire.py")
FUZZ = runpy.run_path(str(SCRIPT))
RUNS = 5000  # of atheris

SEEDS = st.sampled_from(FUZZ["seeds"]())
PLACES = st.integers(0, FUZZ["LONGEST"])
PIECES = (
    st.binary(max_size=4)
    | st.tuples(SEEDS, PLACES, PLACES).map(lambda drawn: drawn[0][slice(*drawn[1:])])
    | st.sampled_from([b"\xff" * 4, b"\xff" * 8, b"\0" * 8, b"\0\0\0\x80\0\0\0\0"])
)
CUTS = st.tuples(PLACES, st.integers(0, 9), PIECES)


@given(SEEDS, st.lists(CUTS, max_size=4))
@settings(max_examples=600)
def test_no_mutated_message_gets_through_as_what_it_is_not(message, cuts):
    for place, length, piece in cuts:
        start = place % (len(message) + 1)
        message = message[:start] + piece + message[start + length :]
    FUZZ["one_input"](message)


def test_the_fuzzer_starts_from_messages_that_are_read():
    for seed in FUZZ["seeds"]():
        FUZZ["unpack"](seed, call_back=print)
        FUZZ["one_input"](seed)


def test_the_fuzzer_runs_guided_or_says_what_it_wants(tmp_path):
    """What atheris has nothing to say about is left to the test above."""
    done = subprocess.run(
        [sys.executable, SCRIPT, f"-runs={RUNS}"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    if importlib.util.find_spec("atheris"):
        assert done.returncode == 0, done.stderr[-3000:]
        assert re.search(rf"Done {RUNS} runs", done.stderr)
    else:
        assert done.stderr.strip().endswith("pip install atheris==3.0.0")
