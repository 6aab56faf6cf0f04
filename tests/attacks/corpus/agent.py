"""Speaking for the agent, which answers the judge from inside the student's kernel.

What the agent is, students can read; what it says, they can change. So nothing that is
said there may decide anything, and nothing may cost the judge more than a moment.
"""

import textwrap

from ..attack import Kind

ATTACKS = Kind("agent")
IMPORT = "import attn_course.grading.agent as agent\n"


def speaks(name: str, says: str, code: str, of: str = "shares", **facts) -> None:
    """Note an attack that replaces parts of the agent, if there is one."""
    source = IMPORT + "\n" + textwrap.dedent(code).strip()
    ATTACKS.answer(name, says, source, f"all but {of}", of, **facts)


speaks(
    "says-that-its-arguments-were-zeros",
    "Says that it has changed its arguments, so that the check goes on with zeros.",
    """
    _called, _described = agent._called, agent._described


    def mix(weights, values):
        return np.zeros((weights.shape[0], values.shape[1]))


    def called(function, args, kwargs, *rest):
        reply = _called(function, args, kwargs, *rest)
        if function is mix:
            given = {**dict(enumerate(args)), **kwargs}
            zeros = {key: np.zeros_like(value) for key, value in given.items()}
            reply["changed"] = zeros
        return reply


    agent._called = called
    """,
    "mix",
)
ATTACKS.answer(
    "hides-a-changed-argument-behind-a-name",
    "Zeroes its first argument, which by its signature has the second one's name.",
    """
    import inspect


    def mix(weights, values):
        weights[...] = 0
        return weights @ values


    one = inspect.Parameter("values", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    mix.__signature__ = inspect.Signature([one])
    """,
    "all but mix",
    "mix",
)
speaks(
    "says-that-it-is-a-class",
    "Describes its function as a class, which is handled in another way.",
    """
    _described = agent._described


    def shares(scores):
        return scores / 2


    def described(names, name):
        told = _described(names, name)
        return {**told, "class": True} if name == "shares" else told


    agent._described = described
    """,
)
speaks(
    "says-that-there-is-nothing-to-check",
    "Describes its function as missing, as not callable, in types of its own.",
    """
    _described = agent._described


    def shares(scores):
        return scores / 2


    def described(names, name):
        if name != "shares":
            return _described(names, name)
        return {"there": True, "callable": 1, "class": None, "named": [0] * 1000,
                "parameters": {"abc": (1, 2, 3), (1, 2, 3): 4}}


    agent._described = described
    """,
)

RAISES = """
    _called = agent._called


    def shares(scores):
        return scores / 2


    def called(function, args, kwargs, *rest):
        reply = _called(function, args, kwargs, *rest)
        if function is shares:
            reply["raised"] = {raised}
        return reply


    agent._called = called
"""
for name, words in {
    "KeyboardInterrupt": "stops the judge",
    "SystemExit": "ends the judge",
    "ExceptionGroup": "cannot be made from a text",
    "UnicodeDecodeError": "wants five arguments",
    "OutOfTime": "means that time is over",
    "Broken": "means that the kernel is lost",
    "Outcome": "is no exception",
}.items():
    speaks(
        f"says-that-it-raised-{name.lower()}",
        f"Says that it raised {name}, which {words}.",
        RAISES.format(raised={"name": name, "text": "passed", "where": ""}),
    )
speaks(
    "says-more-of-an-exception-than-there-is",
    "Says that it raised an exception, and hands over fields that nobody asked for.",
    RAISES.format(
        raised={"name": "E", "text": "", "where": "", "kind": "passed", "self": 1}
    ),
)

BOMB = """
    _packed, bombs = agent._packed, []


    def shares(scores):
        bombs.append(1)
        return scores / 2


    def packed(reply):
        if not bombs:
            return _packed(reply)
        bombs.clear()
        return {bomb}


    agent._packed = packed
"""


def bombs(name: str, says: str, bomb: str) -> None:
    """Note an attack that replies to one call by the bytes that `bomb` makes."""
    speaks(name, says, BOMB.format(bomb=bomb))


bombs("replies-by-nothing", "Replies by a message of no bytes.", 'b""')
bombs("replies-by-a-number", "Replies by a number.", "agent.pack(3)")
bombs(
    "replies-by-a-list",
    "Replies by a list of a hundred thousand nothings.",
    "agent.pack([None] * 100_000)",
)
bombs(
    "replies-by-brackets",
    "Replies by a million opening brackets.",
    'b"\\x91" * 1_000_000',
)
bombs(
    "announces-four-billion-things",
    "Replies by a list that claims 2**32 things.",
    'b"\\xdd\\xff\\xff\\xff\\xff"',
)
bombs(
    "replies-by-flipped-bits",
    "Replies by a true message with its bits flipped.",
    'bytes(255 - each for each in _packed({"result": np.zeros((2, 3))}))',
)
bombs(
    "replies-by-half-a-message",
    "Replies by the first half of a true message.",
    '_packed({"result": np.ones((99, 99))})[:40_000]',
)
bombs(
    "replies-by-sixty-megabytes",
    "Replies by sixty megabytes of bytes.",
    'agent.pack({"result": bytes(60_000_000), "printed": "", "warnings": []})',
)
bombs(
    "replies-by-a-request",
    "Asks the judge to call back what it never lent.",
    'agent.pack(("back", 0, (1, 2)))',
)
bombs(
    "replies-by-warnings-without-end",
    "Replies by a hundred thousand warnings.",
    'agent.pack({"result": 1, "warnings": ["x" * 300] * 100_000})',
)

ATTACKS.answer(
    "a-text-that-swells",
    "Returns many short texts and a long one, which as an array take three gigabytes.",
    """
    def shares(scores):
        return ["x" * 1_000_000] + ["x"] * 700
    """,
    harmful_unsandboxed=True,
)
ATTACKS.answer(
    "a-signature-without-end",
    "Has a thousand parameters, each with a name of ten thousand letters.",
    """
    names = ", ".join(f"a{number}" + "a" * 10_000 for number in range(1000))
    exec(f"def shares({names}):\\n    return 1")
    """,
)
ATTACKS.answer(
    "cannot-be-described",
    "Ends Python when somebody asks for its signature.",
    """
    class Shares:
        def __call__(self, scores):
            return scores / 2

        @property
        def __signature__(self):
            raise SystemExit


    shares = Shares()
    """,
)
ATTACKS.answer(
    "raises-many-exceptions-at-once",
    "Raises a group of exceptions.",
    """
    def shares(scores):
        raise ExceptionGroup("many", [ValueError("one"), KeyError("two")])
    """,
)
