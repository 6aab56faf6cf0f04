"""A cold kernel and a forked shell: what a cell shows, and the six ways it ends."""

import re

import pytest

from attn_course.judge import sandbox
from attn_course.judge.cold import StudentKernel
from attn_course.judge.forked import ForkedShell
from attn_course.judge.link import Broken
from attn_course.judge.supply import fork_server, supply
from attn_course.judge.warm import CannotFork, ForkServer

PLOT = "import matplotlib.pyplot as plt\n"
SHOW = "from IPython.display import HTML, clear_output, display\n"
LEAF = "import torch\nx = torch.ones(3, requires_grad=True)\n"
PICKLED = "import pickle\nclass A: pass\nagain = pickle.loads(pickle.dumps(A()))\n"
FORK = """
import os
if os.fork() == 0:
    print("child", flush=True)
    os._exit(0)
_ = os.wait()
"""
THREAD = """
import threading
t = threading.Thread(target=print, args=("t",))
t.start()
t.join()
"""
SEEDS = """
import random, numpy as np, torch
random.seed(1), np.random.seed(1), torch.manual_seed(1)
print(random.random(), np.random.rand(), torch.rand(1).item())
"""
CELLS = {
    "a value": "1 + 1",
    "None": "None",
    "a semicolon": "3;",
    "text around a value": "print('a')\nprint('b', end='')\n'value'",
    "both streams": "import sys\nprint('out')\nprint('err', file=sys.stderr)",
    "text that is no ASCII": "print('Größe — 注意 🙂')",
    "an exception": "def f(x):\n    return 1 / x\nf(0)",
    "an exception of one's own": "class Odd(ValueError): pass\nraise Odd('ä', 3)",
    "no Python": "def f(:",
    "a wrong indent": "if True:\nprint(1)",
    "an unknown magic": "%no_such_magic",
    "a magic": "%precision 3\n3.14159",
    "a cell magic": "%%capture kept\nprint('hidden')",
    "a command": "!echo from a shell",
    "the last value": "_",
    "a figure": f"{PLOT}plt.plot([1, 2])\nplt.show()\nprint(1)",
    "a figure nobody shows": f"{PLOT}plt.plot([2, 1]);",
    "inline asked for": f"%matplotlib inline\n{PLOT}plt.plot(3);",
    "a display": f"{SHOW}display(HTML('<b>x</b>'), 5)",
    "a display between texts": "print('a')\ndisplay([1])\nprint('b')",
    "a display that is cleared": f"{SHOW}print(1)\nclear_output()\nprint(2)",
    "an array": "import numpy as np\nnp.arange(6).reshape(2, 3) / 4",
    "a gradient": f"{LEAF}(x**2).sum().backward()\nx.grad",
    "await": "import asyncio\nawait asyncio.sleep(0.01)\n'slept'",
    # The coroutine has a name, or the collector warns of it in some later cell.
    "asyncio.run": "import asyncio\nasleep = asyncio.sleep(0)\nasyncio.run(asleep)",
    "a warning": "import warnings\nwarnings.warn('careful')",
    "SystemExit": "import sys\nsys.exit(3)",
    "an interrupt of one's own": "raise KeyboardInterrupt",
    "past Python": "import os\nn = os.write(1, b'raw\\n')",
    "a process": "import subprocess\nsubprocess.run(['echo', 'child']).returncode",
    "a fork that prints": FORK,
    "a thread that prints": THREAD,
    "random numbers": SEEDS,
    "torch's seed at the start": "import torch\ntorch.initial_seed()",
    "where it is": "import os\nprint(os.getcwd(), os.listdir(), __name__)",
    "a class that is pickled": f"{PICKLED}type(again).__name__",
    "threads of the libraries": "import torch\ntorch.get_num_threads()",
    "what there is": "print([n for n in dir() if not n.startswith('_')])",
}
# What comes past Python may come before or after what comes through it.
BESIDE = ("past Python", "a process", "a fork that prints", "a command")
STUBBORN = """
import time
while True:
    try:
        while True:
            time.sleep(0.01)
    except BaseException:
        pass
"""
FATES = {
    "slow": ("while True: pass", "stopped after 0.5 seconds"),
    "stuck": (STUBBORN, "still running after 0.5 s"),
    "flooded": (
        "while True: print('x' * 100_000, flush=True)",
        "it showed more than 4 MB",
    ),
    "died": ("import os; os._exit(3)", "the kernel died"),
}
TOO_LARGE = f"{SHOW}display({{'text/plain': 'x' * 9_000_000}}, raw=True)"
COLOURS = re.compile(r"\x1b\[[\d;]*m")
PLACES = re.compile(r"(/tmp/|<)[\w/-]+(\.py|>):|\([^,()]*, (?=line)")


@pytest.fixture(scope="module")
def both():
    """A kernel and a shell, in which the same has run."""
    sandbox.require()
    with StudentKernel({}) as kernel, ForkedShell({}, fork_server()) as shell:
        yield kernel, shell


@pytest.fixture(params=["cold", "forked"])
def student(request):
    made = {
        "cold": lambda: StudentKernel({"a.json": b"{}"}),
        "forked": lambda: ForkedShell({"a.json": b"{}"}, fork_server()),
    }
    with made[request.param]() as student:
        yield student


def told(ran) -> list[tuple]:
    """Return what was shown, without what differs from run to run."""
    return [(each.output_type, *_content(each)) for each in ran.outputs]


def _content(output) -> tuple:
    match output.output_type:
        case "stream":
            return output.name, _plain(output.text)
        case "error":
            words = "\n".join(output.traceback)
            return output.ename, _plain(output.evalue), _plain(words)
    return tuple(
        (kind, what if kind == "text/plain" else what[:8])
        for kind, what in output.data.items()
    )


def _plain(text: str) -> str:
    return PLACES.sub("", COLOURS.sub("", text)).replace("\r\n", "\n")


@pytest.mark.parametrize("name", CELLS)
def test_both_show_the_same_of(name, both):
    kernel, shell = (each.run(CELLS[name], 20.0) for each in both)
    assert (shell.fate, shell.why) == (kernel.fate, kernel.why)
    if name in BESIDE:
        wanted = sorted(told(shell))
        for _ in range(5):  # an ipykernel loses it if it comes when the cell is over
            if sorted(told(kernel)) == wanted:
                break
            kernel = both[0].run(CELLS[name], 20.0)
        assert sorted(told(kernel)) == wanted
    else:
        assert told(shell) == told(kernel)


@pytest.mark.parametrize("fate", FATES)
def test_a_cell_can_end_badly(fate, student):
    code, why = FATES[fate]
    ran = student.run(code, 0.5 if fate in ("slow", "stuck") else 20.0)
    assert (ran.fate, ran.why) == (fate, why)
    if fate == "slow":
        assert student.run("print('on')", 5.0).outputs[0].text == "on\n"


def test_what_is_too_large_to_tell_is_a_flood(student):
    assert student.run(TOO_LARGE, 20.0).fate == "flooded"


def test_many_small_messages_are_a_flood_too(student):
    many = "for n in range(100_000):\n    display(n)"
    assert student.run(many, 20.0).fate == "flooded"


def test_it_can_be_asked_between_two_cells(student):
    student.run("def double(x):\n    return 2 * x", 5.0)
    student.run("close = 3", 5.0)
    with student.conversation("close = print") as link:
        assert link.describe("double")["callable"]
        assert link.call("double", (4,), {}, 1.0)["result"] == 8
        assert not link.describe("nothing")["there"]
    assert student.run("print(close('still there'))", 5.0).fate == "ok"


def test_who_does_not_come_back_from_a_question_is_told_of(student):
    student.run("import os\ndef leave(): os._exit(0)", 5.0)
    with student.conversation("") as link:
        with pytest.raises(Broken, match="died"):
            link.call("leave", (), {}, 5.0)
    assert student.run("1", 5.0).fate == "died"


@pytest.mark.parametrize("ask", ["input('?')", "import getpass; getpass.getpass()"])
def test_nobody_answers(ask, student):
    ran = student.run(ask, 5.0)
    assert ran.outputs[-1].ename == "StdinNotImplementedError"


def test_half_a_surrogate_pair_ends_nothing(student):
    student.run("try:\n    print('\\ud800')\nexcept Exception: pass", 5.0)
    assert student.run("print(1)", 5.0).outputs[-1].text == "1\n"


def test_leaving_by_exit_ends_nothing_in_a_shell():
    with ForkedShell({}, fork_server()) as shell:
        assert shell.run("x = 3\nexit()\nprint('last words')", 5.0).fate == "ok"
        assert shell.run("print(x)", 5.0).outputs[0].text == "3\n"


def test_every_shell_starts_from_the_same_place_and_none_knows_another():
    code = "import numpy as np; print(np.random.rand(), 'mine' in dir()); mine = 1"
    shown = []
    for _ in range(3):
        with ForkedShell({}, fork_server()) as shell:
            shown.append(shell.run(code, 5.0).outputs[0].text.split())
    assert {mine for _, mine in shown} == {"False"}
    assert len({number for number, _ in shown}) == 3


def test_a_fork_server_that_is_killed_is_started_again():
    server = ForkServer()
    try:
        with ForkedShell({}, server) as shell:
            server.process.kill()
            server.process.wait()
            assert shell.run("1", 5.0).fate == "ok"
        with ForkedShell({}, server) as shell:
            assert shell.run("1", 5.0).fate == "ok"
    finally:
        server.close()


def test_where_nothing_can_be_forked_kernels_start_cold(monkeypatch, caplog):
    def refuse(*_):
        raise CannotFork("setns: Operation not permitted")

    monkeypatch.setattr(ForkServer, "fork_into", refuse)
    fork_server.cache_clear()
    try:
        with supply({})() as student:
            assert isinstance(student, StudentKernel)
            assert student.run("print(1)", 5.0).outputs[0].text == "1\n"
    finally:
        fork_server.cache_clear()
    assert "start cold" in caplog.text
    assert "not permitted" in caplog.text
