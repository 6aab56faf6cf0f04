"""Be a notebook's kernel without Jupyter: an IPython shell that talks over one socket.

It is asked by ("run", source, silent) and tells, while the cell runs,

    ("text", stream, bytes)         what was printed
    ("show", data), ("result", data)    what was displayed: MIME type → text
    ("clear",)                      that what was shown is to go
    ("error", name, words, lines)   the exception that ended the cell
    ("flood",)                      that something was too large to tell
    ("done",)                       that the cell is over

What is written past Python, by a library or another process, goes to file descriptors
1 and 2, which whoever started this reads. Nothing here is secret.
"""

import asyncio
import base64
import builtins
import getpass
import io
import os
import signal
import sys
from socket import socket as Socket
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.error import StdinNotImplementedError
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from attn_course.grading import agent
from attn_course.grading.wire import WireError, pack, receive, send, unpack

AT_ONCE = 1 << 14  # characters printed before they are told
STREAMS = {"stdout": 1, "stderr": 2}
SETTINGS = Config(HistoryManager={"enabled": False})
WRONG = "zero = 0\n1 / zero"


class Teller:
    """Tells what happens; a stop that comes in the middle of a word waits for its end.

    A stop that comes between two cells stops nothing.
    """

    def __init__(self, link: Socket):
        self.link, self.busy, self.speaking, self.stopped = link, False, False, False
        self.owner = os.getpid()
        signal.signal(signal.SIGINT, self.stop)

    def stop(self, *_) -> None:
        if self.speaking:
            self.stopped = True
        elif self.busy:
            raise KeyboardInterrupt

    def tell(self, *message: Any) -> None:
        if os.getpid() != self.owner:  # a process that the cell has started
            return
        self.speaking = True
        try:
            send(self.link, _packed(message))
        except OSError:
            os._exit(1)  # nobody listens any more
        finally:
            self.speaking = False
        if self.stopped and self.busy:
            self.stopped = False
            raise KeyboardInterrupt


class Stream(io.RawIOBase):
    """One of the two streams that Python prints to."""

    def __init__(self, teller: Teller, name: str):
        self.teller, self.name = teller, name

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return STREAMS[self.name]

    def write(self, data) -> int:
        data = bytes(data)
        if os.getpid() != self.teller.owner:
            return os.write(self.fileno(), data)
        self.teller.tell("text", self.name, data)
        return len(data)


class Display(DisplayPublisher):
    """Tells what is displayed."""

    def publish(self, data, metadata=None, *, transient=None, update=False, **_):
        if not update:
            _flush()
            self.shell.teller.tell("show", _plain(data))

    def clear_output(self, wait=False):
        _flush()
        self.shell.teller.tell("clear")


class Result(DisplayHook):
    """Tells the value of a cell's last line."""

    def write_output_prompt(self):
        """Leave it out."""

    def write_format_data(self, format_dict, md_dict=None):
        _flush()
        self.shell.teller.tell("result", _plain(format_dict))

    def finish_displayhook(self):
        _flush()


class Shell(InteractiveShell):
    """An interactive shell whose other end is a judge."""

    display_pub_class = Display
    displayhook_class = Result
    teller: Teller

    def enable_gui(self, gui=None):
        """There is no screen."""

    def ask_exit(self):
        """Stay: what `exit()` would end is not its cell's alone."""

    def _showtraceback(self, etype, evalue, stb):
        _flush()
        self.teller.tell("error", etype.__name__, str(evalue), [*map(str, stb)])


def prepare() -> None:
    """Make the shell that a process split off from here will find as it is."""
    shell = Shell.instance(config=SETTINGS)
    shell.display_formatter.format(None)  # the first time makes all of them
    try:
        exec(WRONG, {})
    except ZeroDivisionError:  # and the first traceback learns to colour
        shell.InteractiveTB.structured_traceback(*sys.exc_info())


def serve(link: Socket) -> None:
    """Run cells until nobody asks for more."""
    teller = Teller(link)
    for name in STREAMS:
        setattr(sys, name, _printing(Stream(teller, name)))
    builtins.input = getpass.getpass = _no_input
    shell = Shell.instance(config=SETTINGS)
    shell.teller, shell.attn_serve = teller, agent.serve
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    while True:
        try:
            _, source, silent = unpack(receive(link))
        except EOFError:
            return
        loop.run_until_complete(_run(shell, source, silent))
        teller.tell("done")


async def _run(shell: Shell, source: str, silent: bool) -> None:
    """Run one cell, as ipykernel does."""
    shell.teller.busy = True
    try:
        cell, fault = source, None
        try:
            cell = shell.transform_cell(source)
        except Exception:
            fault = sys.exc_info()
        result = await shell.run_cell_async(
            source,
            store_history=not silent,
            silent=silent,
            transformed_cell=cell,
            preprocessing_exc_tuple=fault,
        )
        shell.events.trigger("post_execute")
        if not silent:
            shell.events.trigger("post_run_cell", result)
        _flush()
    except KeyboardInterrupt:  # after the cell's own code
        pass
    finally:
        shell.teller.busy = shell.teller.stopped = False


def _printing(stream: Stream) -> io.TextIOWrapper:
    buffer = io.BufferedWriter(stream, AT_ONCE)
    return io.TextIOWrapper(buffer, encoding="utf-8", errors="backslashreplace")


def _flush() -> None:
    for name in STREAMS:
        getattr(sys, name).flush()


def _plain(data: dict[str, Any]) -> dict[str, str]:
    """Return what is shown as text, pictures as base64."""
    return {
        mime: base64.b64encode(what).decode() if isinstance(what, bytes) else what
        for mime, what in data.items()
        if isinstance(what, bytes | str)
    }


def _packed(message: tuple) -> bytes:
    try:
        return pack(message)
    except WireError:
        return pack(("flood",))


def _no_input(*_, **__):
    raise StdinNotImplementedError("nobody can answer while this is graded")
