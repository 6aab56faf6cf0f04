"""Ending what runs: the cell, the kernel, the clock, whoever waits for an answer."""

from ..attack import Kind
from ..scene import WRONG, with_cell
from .forms import wrong_and

ATTACKS = Kind("dying")


def dies(name: str, says: str, code: str, words="all but shares", **facts) -> None:
    ATTACKS.answer(name, says, code, words, **facts)


def dies_when_called(name: str, says: str, line: str, words="all but shares", **facts):
    """Note an attack whose answer does what `line` says when it is called."""
    source = f"import os, signal, sys, time\n\n\ndef shares(scores):\n    {line}"
    ATTACKS.answer(name, says, source, words, **facts)


dies_when_called("exits", "Calls sys.exit.", "sys.exit(0)")
dies_when_called("quits", "Calls quit, which IPython gives a meaning.", "quit()")
dies_when_called("raises-system-exit", "Raises SystemExit.", "raise SystemExit(0)")
dies_when_called(
    "raises-a-keyboard-interrupt",
    "Raises KeyboardInterrupt, as if somebody had stopped the check.",
    "raise KeyboardInterrupt",
)
dies_when_called(
    "raises-generator-exit", "Raises GeneratorExit.", "raise GeneratorExit"
)
dies_when_called("ends-the-process", "Ends the kernel without a word.", "os._exit(0)")
dies_when_called("aborts", "Calls os.abort.", "os.abort()")
dies_when_called(
    "kills-itself", "Sends itself SIGKILL.", "os.kill(os.getpid(), signal.SIGKILL)"
)
dies_when_called(
    "terminates-itself", "Sends itself SIGTERM.", "os.kill(os.getpid(), signal.SIGTERM)"
)
dies_when_called(
    "crashes-the-interpreter",
    "Reads from address zero.",
    "import ctypes; ctypes.string_at(0)",
)
dies_when_called(
    "stops-itself",
    "Sends itself SIGSTOP: it is alive and does nothing more.",
    "os.kill(os.getpid(), signal.SIGSTOP)",
    slow=True,
)
dies(
    "dies-at-the-top-level",
    "Ends the kernel in the answer's cell, before there is an answer.",
    "import os\nos._exit(1)",
)
dies(
    "recurses-without-end",
    "Calls itself without end.",
    "def shares(scores):\n    return shares(scores)",
)
dies(
    "recurses-past-the-stack",
    "Raises the limit of recursion and overflows the stack of the process.",
    """
    import sys

    sys.setrecursionlimit(10**9)


    def shares(scores):
        return [*map(shares, [scores])]
    """,
)
dies(
    "replaces-the-program",
    "Replaces the kernel's program by another one.",
    """
    import os


    def shares(scores):
        os.execv("/bin/true", ["true"])
    """,
)
dies(
    "forks-and-lets-both-go-on",
    "Forks inside the answer; parent and child both return.",
    """
    import os


    def shares(scores):
        os.fork()
        return scores / 2
    """,
    "nothing for shares",
    harmful_unsandboxed=True,
)
dies(
    "kills-its-parent",
    "Kills the process that started the kernel.",
    """
    import os, signal


    def shares(scores):
        os.kill(os.getppid(), signal.SIGKILL)
        return scores / 2
    """,
    harmful_unsandboxed=True,
)
dies(
    "closes-everything",
    "Closes every file descriptor of the kernel, its sockets among them.",
    """
    import os


    def shares(scores):
        os.closerange(0, 1024)
        return scores / 2
    """,
    harmful_unsandboxed=True,
    slow=True,
)
dies(
    "silences-the-kernel",
    "Replaces what the kernel sends messages with by nothing.",
    wrong_and("get_ipython().kernel.session.send = lambda *args, **kwargs: None"),
    slow=True,
)
LOOP = "    while True:\n        "
dies("loops", "Loops without end.", f"def shares(scores):\n{LOOP}pass", slow=True)
dies(
    "loops-past-every-interruption",
    "Loops and catches whatever is raised to stop it.",
    """
    def shares(scores):
        while True:
            try:
                while True:
                    pass
            except BaseException:
                pass
    """,
    slow=True,
)
dies(
    "loops-deaf-to-signals",
    "Ignores SIGINT, SIGALRM and SIGTERM, and loops.",
    """
    import signal


    def shares(scores):
        for number in (signal.SIGINT, signal.SIGALRM, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        while True:
            pass
    """,
    slow=True,
)
dies(
    "sleeps",
    "Sleeps for a day.",
    "import time\n\n\ndef shares(scores):\n    time.sleep(86400)",
    slow=True,
)
dies(
    "computes-in-c-without-end",
    "Counts without end in code written in C, where no signal is seen.",
    "import itertools\n\n\ndef shares(scores):\n    return -1 in itertools.count()",
    slow=True,
)
dies(
    "matches-without-end",
    "Lets a regular expression try two to the power of forty ways.",
    'import re\n\n\ndef shares(scores):\n    return re.match("(a+)+$", "a" * 40 + "b")',
    slow=True,
)
dies(
    "loops-at-the-top-level",
    "Loops in the cell of the answer, before there is an answer.",
    "while True:\n    pass",
    slow=True,
)
dies(
    "loops-in-what-it-returns",
    "Returns an object whose conversion to an array never ends.",
    """
    class Endless:
        shape = (2, 3)

        def __array__(self, *args, **kwargs):
            while True:
                pass

        def __deepcopy__(self, memo):
            return self


    def shares(scores):
        return Endless()
    """,
    slow=True,
)
dies(
    "kills-the-kernel-later",
    "Lets a thread end the kernel while another answer is being checked.",
    """
    import os, threading, time


    def later():
        time.sleep(0.2)
        os._exit(0)


    threading.Thread(target=later).start()


    def shares(scores):
        return scores / 2
    """,
    "nothing for shares",
)


@ATTACKS("Ends the kernel in each of forty cells of its own.", "nothing for shares")
def dies_forty_times(scene):
    notebook = scene.notebook(shares=WRONG["shares"])
    for _ in range(40):
        with_cell(notebook, "import os\nos._exit(1)", before="shares")
    return notebook
