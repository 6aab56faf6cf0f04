"""What surrounds a course under attack: witnesses, an accomplice, things to hurt."""

import contextlib
import hashlib
import os
import shutil
import socket
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import attn_course

from .scene import HERE, NAME, RIGHT, Folder, Scene, text

ROOT = Path(__file__).parents[2]
ANSWER = f"import numpy as np\n\n\n{RIGHT['shares']}\n"
WITNESSES = ("000-first", "001-victim", "zzz-last")  # honest, and all points are theirs
LOOPBACK = ("127.0.0.1", "127.0.0.2")  # the accomplice is on no other network
MARK = "attn-attack"  # in the name of every file and process that an attack leaves


@dataclass(frozen=True)
class Stage:
    """What surrounds the course at `root`, and what is looked at afterwards."""

    root: Path
    home: Path
    shared: Path
    port: int
    address: str
    heard: list[str]  # what the accomplice was asked

    @property
    def environment(self) -> dict[str, str]:
        """The environment for whoever grades: a home, and a secret in it."""
        programs = f"{Path(os.sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return {
            **os.environ,
            "HOME": str(self.home),
            "PATH": programs,
            "ATTN_CANARY_ANSWER": ANSWER,
        }

    def surroundings(self, course: list[Path]) -> dict[Path, str]:
        """Map what must stay as it is to what it is; `course` are places in it."""
        found = {}
        for place in (self.home, self.shared, HERE / "course", *course):
            found |= {path: _digest(path) for path in _files(place) if _kept(path)}
        package = Path(attn_course.__file__).parent
        return found | {path: "" for path in package.rglob(f"{MARK}*")}


def changed(before: dict[Path, str], after: dict[Path, str]) -> list[str]:
    """Return what is not as it was, and what has come with the mark of an attack."""
    lost = [path for path in before if before[path] != after.get(path)]
    come = [path for path in after if path not in before and MARK in path.name]
    return sorted(str(path) for path in (*lost, *come))


@contextlib.contextmanager
def stage() -> Iterator[Stage]:
    """Set up everything but the course, and take it away again."""
    with contextlib.ExitStack() as stack:
        made = tempfile.TemporaryDirectory(
            prefix="attacked-", ignore_cleanup_errors=True
        )
        root = Path(stack.enter_context(made))
        shared = Path(tempfile.mkdtemp(prefix=f"{MARK}-shared-"))
        stack.callback(shutil.rmtree, shared, ignore_errors=True)
        home = root / "home"
        home.mkdir()
        shared.chmod(0o777)
        heard: list[str] = []
        port = stack.enter_context(_accomplice(shared, heard))
        memory = Path(f"/dev/shm/{MARK}-{port}.py")
        stack.callback(memory.unlink, missing_ok=True)
        for place in (home / "answer.py", shared / "answer.py", memory):
            place.write_text(ANSWER)
        yield Stage(root, home, shared, port, LOOPBACK[1], heard)


def scene(stage: Stage, released, places: dict[str, Path]) -> Scene:
    return Scene(
        released=released,
        home=stage.home,
        shared=stage.shared,
        port=stage.port,
        address=stage.address,
        **places,
    )


def hand_in(submitted: Path, student: str, what) -> None:
    """Put what an attack made where it is collected."""
    folder = submitted / student / NAME
    folder.mkdir(parents=True)
    path = folder / f"{NAME}.ipynb"
    match what:
        case bytes():
            path.write_bytes(what)
        case str():
            path.write_text(what)
        case Folder(files):
            for name, content in files.items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_text(content)
        case dict():
            path.write_text(text(what))
        case _:
            what(path)


def _files(place: Path) -> Iterator[Path]:
    return (
        path for path in place.rglob("*") if path.is_file() and not path.is_symlink()
    )


def _kept(path: Path) -> bool:
    """Leave out what programs write by themselves into a home or beside modules."""
    return not any(p.startswith(".") or p == "__pycache__" for p in path.parts)


def _digest(path: Path) -> str:
    if path.stat().st_size > 10_000_000 or not os.access(path, os.R_OK):
        return str(path.stat().st_size)
    return hashlib.sha256(path.read_bytes()).hexdigest()


@contextlib.contextmanager
def _accomplice(shared: Path, heard: list[str]) -> Iterator[int]:
    """Serve the answer to whoever asks, by HTTP and at two Unix sockets."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            heard.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(ANSWER.encode())

        def log_message(self, *args):
            """Say nothing."""

    servers = [ThreadingHTTPServer((LOOPBACK[0], 0), Handler)]
    port = servers[0].server_port
    servers.append(ThreadingHTTPServer((LOOPBACK[1], port), Handler))
    for server in servers:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
    places = [f"\0{MARK}-{port}", str(shared / "accomplice.sock")]
    listeners = [_answering(place, heard) for place in places]
    try:
        yield port
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()
        for listener in listeners:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()


def _answering(place: str, heard: list[str]) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(place)
    listener.listen()

    def answer():
        with contextlib.suppress(OSError):
            while True:
                link, _ = listener.accept()
                heard.append(place)
                with link:
                    link.sendall(ANSWER.encode())

    threading.Thread(target=answer, daemon=True).start()
    return listener
