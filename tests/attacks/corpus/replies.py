"""Answers that are no answers: hostile objects, lying arrays, things too large."""

from ..attack import Kind

ATTACKS = Kind("replies")


def returns(name: str, says: str, value: str, before: str = "", **facts) -> None:
    """Note an attack whose `shares` returns `value`, after the code in `before`."""
    source = f"{before}\n\n\ndef shares(scores):\n    return {value}"
    ATTACKS.answer(name, says, source, **facts)


YES = """
def yes(*args, **kwargs):
    return True


names = "eq ne lt le gt ge bool contains invert and or rand ror"
Agreeing = {f"__{name}__": yes for name in names.split()} | {"__hash__": lambda s: 1}
"""

returns("true", "Returns True.", "True")
returns("nothing-at-all", "Returns None.", "None")
returns("not-implemented", "Returns NotImplemented.", "NotImplemented")
returns("not-a-number", "Returns a table of nan.", "np.full_like(scores, np.nan)")
returns("infinities", "Returns a table of infinities.", "np.full_like(scores, np.inf)")
returns("an-empty-array", "Returns an empty array.", "np.empty(0)")
returns("one-number", "Returns one number, which would broadcast.", "0.25")
returns("text", "Returns the right answer as text.", "str(scores)")
returns("bytes", "Returns the bytes of a table.", "scores.tobytes()")
returns("a-generator", "Returns a generator that never ends.", "iter(int, 1)")
returns("a-coroutine", "Returns a coroutine.", "work()", "async def work():\n    pass")
returns("a-module", "Returns a module.", "np")
returns("itself", "Returns the function itself.", "shares")
returns("a-class", "Returns the class of arrays.", "np.ndarray")
returns("a-number-of-many-digits", "Returns a number of a million bits.", "1 << 10**6")
returns(
    "an-int-that-equals-everything",
    "Returns a subclass of int that is equal to whatever it is compared with.",
    "Int(0)",
    YES + "Int = type('Int', (int,), Agreeing)",
)
returns(
    "floats-that-equal-everything",
    "Returns a table of floats that are equal to whatever they are compared with.",
    "[[Float(1)] * scores.shape[1]] * len(scores)",
    YES + "Float = type('Float', (float,), Agreeing)",
)
returns(
    "an-array-that-equals-everything",
    "Returns a subclass of ndarray whose comparisons say yes.",
    "(scores / 2).view(Array)",
    YES + "Array = type('Array', (np.ndarray,), Agreeing)",
)
returns(
    "an-array-that-computes-its-own-way",
    "Returns a subclass of ndarray for which every operation of NumPy says yes.",
    "(scores / 2).view(Array)",
    """
class Array(np.ndarray):
    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        return np.ones(self.shape, dtype=bool).view(np.ndarray)

    def __array_function__(self, function, types, args, kwargs):
        return True
""",
)
ATTACKS.answer(
    "an-object-that-allclose-believes",
    "Returns an object that answers every function of NumPy with True.",
    """
    class Believed:
        shape, ndim, size = (1, 3), 2, 3

        def __getitem__(self, key):
            return self

        def __array_function__(self, function, types, args, kwargs):
            return self.shape if function is np.shape else True


    class BelievedToo(Believed):
        shape = (3, 2)


    def mix(weights, values):
        return Believed() if len(weights) == 1 else BelievedToo()
    """,
    "all but mix",
    "mix",
)
ATTACKS.answer(
    "an-array-that-allclose-believes",
    "Returns an array for which np.allclose is true, whatever is in it.",
    """
    class Believed(np.ndarray):
        def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
            return np.ones(self.shape, dtype=bool)

        def __array_function__(self, function, types, args, kwargs):
            return self.shape if function is np.shape else True

        def __getitem__(self, key):
            return self


    def mix(weights, values):
        return (weights[:, :1] + values[:1]).view(Believed)
    """,
    "all but mix",
    "mix",
)
returns(
    "objects-that-equal-everything",
    "Returns an array of objects that are equal to whatever they are compared with.",
    "np.full(scores.shape, Thing(), dtype=object)",
    YES + "Thing = type('Thing', (), Agreeing)",
)
returns(
    "a-mask-over-everything",
    "Returns a masked array in which nothing is left to compare.",
    "np.ma.masked_all(scores.shape)",
)
returns(
    "a-different-array-each-time",
    "Returns an object that turns into another array whenever it is looked at.",
    "Changing(scores)",
    """
class Changing:
    def __init__(self, scores):
        self.scores, self.times = scores, 0
        self.shape, self.dtype = scores.shape, scores.dtype

    def __array__(self, *args, **kwargs):
        self.times += 1
        return self.scores / self.times
""",
)
returns(
    "a-lying-interface",
    "Returns an object that claims an array at an address that is not its own.",
    "Lying()",
    """
class Lying:
    __array_interface__ = {
        "version": 3, "shape": (2, 3), "typestr": "<f8", "data": (8, False),
    }
""",
)
returns(
    "a-lying-shape",
    "Returns an object that claims a huge array over a small buffer.",
    "Lying()",
    """
class Lying:
    buffer = bytearray(48)
    __array_interface__ = {
        "version": 3, "shape": (2**20, 2**20), "typestr": "<f8", "data": buffer,
    }
""",
)
returns(
    "a-huge-array-without-memory",
    "Returns a broadcast view of eight terabytes, made of one number.",
    "np.broadcast_to(0.5, (10**6, 10**6))",
)
returns(
    "a-shape-of-many-axes",
    "Returns an array of 32 axes.",
    "np.ones((1,) * 32) * scores.mean()",
)
returns(
    "a-structured-array",
    "Returns an array of records.",
    "np.zeros(scores.shape, dtype=[('a', 'f8'), ('b', 'O')])",
)
returns("dates", "Returns an array of dates.", "np.zeros(scores.shape, dtype='M8[s]')")
returns(
    "half-a-gigabyte",
    "Returns a list of fifty million zeros.",
    "[0.0] * 50_000_000",
    harmful_unsandboxed=True,
)
returns(
    "a-deep-list",
    "Returns a list ten thousand levels deep.",
    "deep(10_000)",
    """
def deep(levels):
    made = []
    for _ in range(levels):
        made = [made]
    return made
""",
)
returns(
    "a-list-that-holds-itself",
    "Returns a list that holds itself.",
    "loop",
    "loop = []\nloop.append(loop)",
)
returns(
    "a-dict-that-holds-itself",
    "Returns a dict that holds itself, as key's value and in a list.",
    "loop",
    "loop = {}\nloop['a'] = [loop, {'b': loop}]",
)
returns(
    "an-object-that-has-everything",
    "Returns an object that answers every attribute with itself.",
    "Everything()",
    """
class Everything:
    def __getattr__(self, name):
        return self

    def __call__(self, *args, **kwargs):
        return self

    __eq__ = __le__ = __iter__ = __len__ = __getitem__ = __call__
""",
)
returns(
    "an-object-of-another-class",
    "Returns an object that says that its class is ndarray.",
    "Posing()",
    YES + "Agreeing['__class__'] = np.ndarray\nPosing = type('Posing', (), Agreeing)",
)
returns(
    "a-class-with-a-metaclass",
    "Returns a class whose metaclass makes it an instance and equal of everything.",
    "Thing",
    YES
    + "Agreeing['__instancecheck__'] = yes\nMeta = type('Meta', (type,), Agreeing)\n"
    + "Thing = Meta('Thing', (), {})",
)
returns(
    "something-to-unpickle",
    "Returns an object that runs a command when it is copied or unpickled.",
    "Trap()",
    """
class Trap:
    def __reduce__(self):
        code = "open('@SHARED@/attn-attack-something-to-unpickle', 'w').close()"
        return (exec, (code,))
""",
)
returns(
    "a-representation-without-end",
    "Returns an object whose representation is a hundred megabytes long.",
    "Long()",
    "class Long:\n    def __repr__(self):\n        return 'x' * 100_000_000",
)
returns(
    "a-representation-that-fails",
    "Returns an object whose representation raises SystemExit.",
    "Failing()",
    "class Failing:\n    def __repr__(self):\n        raise SystemExit",
)
returns(
    "a-type-with-a-strange-name",
    "Returns an object whose type has a name of markup and line breaks.",
    "type('</p><script>window.attn_attack = 1</script>\\n' * 9, (), {})()",
)
returns(
    "code-when-it-is-finished",
    "Returns an array whose __array_finalize__ replaces the comparison.",
    "(scores / 2).view(Array)",
    """
class Array(np.ndarray):
    def __array_finalize__(self, other):
        import attn_course.grading as grading
        grading.close = lambda *args, **kwargs: None
""",
)
returns(
    "a-tensor-that-agrees",
    "Returns what looks like a tensor and detaches into something that agrees.",
    "Tensor(scores)",
    YES
    + """
class Tensor:
    def __init__(self, scores):
        self.scores = scores
        self.dtype = type("dtype", (), {"itemsize": 8})

    def detach(self):
        return self

    cpu = detach

    def numpy(self):
        import sys
        frame = sys._getframe()
        while frame:
            if "wanted" in frame.f_locals:
                return np.array(frame.f_locals["wanted"])
            frame = frame.f_back
        return self.scores
""",
)
ATTACKS.answer(
    "an-exception-that-cannot-be-shown",
    "Raises an exception whose text is made by code that raises again.",
    """
    class Silent(Exception):
        def __str__(self):
            raise RuntimeError

        __repr__ = __str__


    def shares(scores):
        raise Silent
    """,
)
ATTACKS.answer(
    "an-assertion-about-nothing",
    "Raises the very exceptions by which the grading works, with its own facts.",
    """
    from attn_course.grading import Mismatch


    def shares(scores):
        raise Mismatch("passed", "passed", scores, scores)
    """,
)
ATTACKS.answer(
    "changes-what-it-was-given",
    "Writes zeros into its arguments, so that zeros are right afterwards.",
    """
    def mix(weights, values):
        weights[...] = values[...] = 0
        return weights @ values
    """,
    "all but mix",
    "mix",
)
ATTACKS.answer(
    "changes-what-it-was-given-later",
    "Keeps its arguments, and writes into them from a thread once it has returned.",
    """
    def mix(weights, values):
        import threading, time

        def later():
            until = time.monotonic() + 0.5
            while time.monotonic() < until:
                weights[...] = 0
                values[...] = 0

        threading.Thread(target=later).start()
        return np.zeros((len(weights), values.shape[1]))
    """,
    "all but mix",
    "mix",
)
