"""Changing what judges: builtins, libraries, the grading, IPython, the interpreter."""

from ..attack import Kind
from ..scene import with_cell
from .forms import wrong_and

ATTACKS = Kind("patching")


def patches(name: str, says: str, code: str, of: str = "shares", **facts) -> None:
    """Note an attack that gives a wrong answer and then changes the world around it."""
    ATTACKS.answer(name, says, wrong_and(code, of), f"all but {of}", of, **facts)


patches(
    "allclose-is-always-true",
    "Replaces np.allclose, which the check asserts, by a function that says yes.",
    "np.allclose = lambda *args, **kwargs: True",
    "mix",
)
patches(
    "isclose-is-always-true",
    "Replaces np.isclose, on which comparisons are built.",
    """
    def yes(got, wanted, *args, **kwargs):
        return np.ones(np.broadcast(got, wanted).shape, dtype=bool)

    np.isclose = yes
    np.core.numeric.isclose = np._core.numeric.isclose = yes
    """,
)
patches(
    "numpys-testing-does-nothing",
    "Replaces np.testing.assert_allclose by a function that does nothing.",
    "np.testing.assert_allclose = lambda *args, **kwargs: None",
    "distances",
)
patches(
    "everything-is-equal-in-numpy",
    "Replaces array_equal, array_equiv, all and any of NumPy.",
    """
    for name in ("array_equal", "array_equiv", "all"):
        setattr(np, name, lambda *args, **kwargs: True)
    np.any = lambda *args, **kwargs: False
    np.testing.assert_allclose = np.testing.assert_array_equal = np.all
    """,
    "distances",
)
patches(
    "exp-is-something-else",
    "Replaces np.exp, so that what the check computes becomes what the answer gives.",
    """
    _exp = np.exp
    np.exp = lambda x: np.ones_like(x)
    np.log = lambda x: np.zeros_like(x)

    def shares(scores):
        wrong = np.ones_like(scores)
        return wrong / wrong.sum(axis=1, keepdims=True)
    """,
)
patches(
    "the-generator-draws-zeros",
    "Replaces the random generator, so that every input of the check is zero.",
    """
    class Zeros(np.random.Generator):
        def __init__(self):
            super().__init__(np.random.PCG64(0))

        def normal(self, loc=0.0, scale=1.0, size=None):
            return 0.0 if size is None else np.zeros(size)

    import attn_course.grading.run
    np.random.default_rng = lambda *args: Zeros()

    def distances(queries, keys):
        return np.zeros((len(queries), len(keys)))
    """,
    "distances",
)
patches(
    "builtin-all-any-and-abs",
    "Replaces all, any, abs, len, sum and isinstance among the builtins.",
    """
    import builtins
    builtins.all = lambda *args: True
    builtins.any = lambda *args: False
    builtins.abs = lambda x: 0
    """,
)
patches(
    "assertion-errors-vanish",
    "Replaces AssertionError among the builtins by a warning.",
    "import builtins\nbuiltins.AssertionError = Warning",
    "mix",
)
patches(
    "imports-give-a-friendly-close",
    "Replaces __import__, so that `from attn_course.grading import close` is harmless.",
    """
    import builtins, types
    _import = builtins.__import__

    def friendly(name, *args, **kwargs):
        module = _import(name, *args, **kwargs)
        if name.startswith("attn_course"):
            module.close = lambda *args, **kwargs: None
        return module

    builtins.__import__ = friendly
    """,
)
patches(
    "close-does-nothing",
    "Replaces `close` in the course's grading.",
    """
    import attn_course.grading, attn_course.grading.compare
    for module in (attn_course.grading, attn_course.grading.compare):
        module.close = lambda *args, **kwargs: None
    """,
)
patches(
    "nothing-differs",
    "Replaces the function below `close` that says where two arrays differ.",
    """
    import attn_course.grading.compare, attn_course.grading.values
    never = lambda got, wanted: np.zeros(np.shape(wanted), dtype=bool)
    attn_course.grading.compare.differs = attn_course.grading.values.differs = never
    """,
)
patches(
    "run-does-nothing",
    "Replaces `run` in the course's grading.",
    """
    import sys
    import attn_course.grading
    for name in ("attn_course.grading", "attn_course.grading.chapter"):
        sys.modules[name].run = lambda *args, **kwargs: None
    """,
)
patches(
    "attempt-always-passes",
    "Replaces `attempt`, so that every outcome is a pass.",
    """
    import sys
    from attn_course.grading.outcome import Outcome

    def passed(check, answer, **kwargs):
        return Outcome("shares", check.__name__, "A pass.")

    for module in list(sys.modules.values()):
        if getattr(module, "__name__", "").startswith("attn_course.grading"):
            if hasattr(module, "attempt"):
                module.attempt = passed
    sys.modules["attn_course.grading.run"].attempt = passed
    """,
)
patches(
    "every-outcome-has-passed",
    "Replaces the property that says whether an outcome is a pass.",
    """
    from attn_course.grading.outcome import Outcome
    Outcome.passed = True
    """,
)
patches(
    "the-chapter-is-a-dummy",
    "Replaces the notebook's `_chapter` by an object whose `run` does nothing.",
    """
    class Dummy:
        def __getattr__(self, name):
            return lambda *args, **kwargs: None

    _chapter = Dummy()
    """,
)
patches(
    "open-chapter-gives-a-dummy",
    "Replaces `open_chapter` and the class behind it.",
    """
    import attn_course.grading.chapter
    attn_course.grading.chapter.Chapter.run = lambda *args, **kwargs: None
    attn_course.grading.open_chapter = lambda *args: None
    """,
)
patches(
    "the-recorder-mends-results",
    "Replaces the recorder, which stands between check and answer, by a right answer.",
    """
    import sys
    import attn_course.grading.run

    def mended(answer, record):
        return lambda scores: np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)

    sys.modules["attn_course.grading.run"].recorded = mended
    """,
)
patches(
    "a-fake-numpy",
    "Puts a module that agrees to everything where Python looks for NumPy.",
    """
    import sys, types
    fake = types.ModuleType("numpy")
    fake.__dict__.update(np.__dict__)
    fake.allclose = lambda *args, **kwargs: True
    sys.modules["numpy"] = fake
    """,
    "mix",
)
patches(
    "a-fake-grading-package",
    "Puts a package of its own under the name of the course's grading.",
    """
    import sys, types
    fake = types.ModuleType("attn_course.grading")
    fake.close = fake.run = lambda *args, **kwargs: None
    fake.probe = lambda function: function
    sys.modules["attn_course.grading"] = fake
    """,
)
patches(
    "an-import-hook",
    "Installs a finder that serves its own grading, and forgets the one there was.",
    """
    import sys, types, importlib.abc, importlib.machinery

    class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
        def find_spec(self, name, path, target=None):
            if name == "attn_course.grading":
                return importlib.machinery.ModuleSpec(name, self)

        def exec_module(self, module):
            module.close = lambda *args, **kwargs: None

    sys.meta_path.insert(0, Finder())
    del sys.modules["attn_course.grading"]
    """,
)
patches(
    "modules-written-into-the-working-folder",
    "Writes sitecustomize.py and a package of the course's name beside the notebook.",
    """
    import os, sys
    os.makedirs("attn_course/grading", exist_ok=True)
    open("attn_course/__init__.py", "w").close()
    for path in ("attn_course/grading/__init__.py", "sitecustomize.py"):
        with open(path, "w") as file:
            file.write("close = run = lambda *args, **kwargs: None\\n")
    sys.path.insert(0, os.getcwd())
    for name in [n for n in sys.modules if n.startswith("attn_course")]:
        del sys.modules[name]
    """,
)
patches(
    "patches-later-from-a-thread",
    "Starts a thread that replaces the grading again and again.",
    """
    import sys, threading, time

    def keep_patching():
        for _ in range(3000):
            for name in ("attn_course.grading", "attn_course.grading.compare"):
                sys.modules[name].close = lambda *args, **kwargs: None
            time.sleep(0.01)

    threading.Thread(target=keep_patching, daemon=True).start()
    """,
)
patches(
    "patches-when-it-is-called",
    "Replaces the comparison only while the check is calling the answer.",
    """
    def shares(scores):
        import sys
        never = lambda got, wanted: np.zeros(np.shape(wanted), dtype=bool)
        sys.modules["attn_course.grading.compare"].differs = never
        return scores / 2
    """,
)
patches(
    "patches-in-a-finaliser",
    "Returns an object that replaces the comparison when it is thrown away.",
    """
    class Last(np.ndarray):
        def __del__(self):
            import attn_course.grading
            attn_course.grading.close = lambda *args, **kwargs: None

    def shares(scores):
        return (scores / 2).view(Last)
    """,
)
patches(
    "patches-by-a-signal",
    "Lets a timer's signal replace the comparison in the middle of the check.",
    """
    import signal, sys

    def later(*_):
        sys.modules["attn_course.grading"].close = lambda *args, **kwargs: None

    signal.signal(signal.SIGVTALRM, later)
    signal.setitimer(signal.ITIMER_VIRTUAL, 0.001, 0.001)
    """,
)
patches(
    "writes-into-the-callers-array",
    "Writes its wrong result into the array `wanted` of the check that calls it.",
    """
    def shares(scores):
        import sys
        wrong, frame = scores / 2, sys._getframe()
        while frame:
            if isinstance(frame.f_locals.get("wanted"), np.ndarray):
                frame.f_locals["wanted"][...] = wrong
            frame = frame.f_back
        return wrong
    """,
)
patches(
    "changes-the-callers-variables",
    "Rebinds the local variables of the check through the interpreter's own interface.",
    """
    def distances(queries, keys):
        import ctypes, sys
        wrong, frame = 1 + queries @ keys.T, sys._getframe()
        while frame:
            if "wanted" in frame.f_locals:
                frame.f_locals["wanted"] = wrong
                ctypes.pythonapi.PyFrame_LocalsToFast(
                    ctypes.py_object(frame), ctypes.c_int(0)
                )
            frame = frame.f_back
        return wrong
    """,
    "distances",
)
patches(
    "traces-the-comparison",
    "Sets a trace function that changes what the comparison wants, line by line.",
    """
    def distances(queries, keys):
        import sys

        def trace(frame, event, arg):
            if frame.f_code.co_name == "assert_allclose":
                if "actual" in frame.f_locals:
                    frame.f_locals["desired"] = frame.f_locals["actual"]
            return trace

        sys.settrace(trace)
        return 1 + queries @ keys.T
    """,
    "distances",
)
patches(
    "swaps-the-namespace-of-the-check",
    "Puts another `np` into the namespace of the check that is calling it.",
    """
    class Agreeable:
        shape = staticmethod(np.shape)
        allclose = staticmethod(lambda *args: True)

    def mix(weights, values):
        import sys
        frame = sys._getframe()
        mixed = weights[:, :1] + values[:1]
        while frame:
            if frame.f_code.co_name in ("by_hand", "by_the_definition"):
                frame.f_globals["np"] = Agreeable
            frame = frame.f_back
        return mixed
    """,
    "mix",
)


@ATTACKS(
    "Strips every assertion and every check by a transformer of IPython.", "all but mix"
)
def transforms_the_syntax_tree(scene):
    code = """
import ast


class Strip(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.Pass()


get_ipython().ast_transformers.append(Strip())"""
    return scene.notebook(mix=wrong_and(code, "mix"))


@ATTACKS("Empties the check cells by a transformer of IPython's input.", "nothing")
def transforms_the_input(scene):
    code = """
def blank(lines):
    return ["pass"] if any("_chapter.run(" in line for line in lines) else lines


get_ipython().input_transformers_cleanup.append(blank)"""
    return scene.wrong(shares=wrong_and(code))


@ATTACKS("Replaces IPython's run_cell, so that no later cell runs.", "nothing")
def replaces_run_cell(scene):
    code = """
from IPython.core.interactiveshell import ExecutionResult
nothing = ExecutionResult(None)
get_ipython().run_cell = lambda *args, **kwargs: nothing


async def never(*args, **kwargs):
    return nothing


get_ipython().run_cell_async = never"""
    return scene.wrong(shares=wrong_and(code))


patches(
    "tracebacks-are-not-shown",
    "Replaces showtraceback, so that a failed check shows nothing.",
    """
    shell = get_ipython()
    shell.showtraceback = shell._showtraceback = lambda *args, **kwargs: None
    """,
)
patches(
    "a-handler-swallows-failures",
    "Registers a handler for CheckFailed and AssertionError that keeps quiet.",
    """
    get_ipython().set_custom_exc((BaseException,), lambda *args, **kwargs: None)
    """,
)
patches(
    "errors-are-not-sent",
    "Drops error messages where the kernel sends them.",
    """
    session = get_ipython().kernel.session
    _send = session.send

    def send(socket, what, *args, **kwargs):
        if what != "error":
            return _send(socket, what, *args, **kwargs)

    session.send = send
    """,
)
patches(
    "every-reply-says-ok",
    "Drops errors where the kernel sends them, and replies that every cell went well.",
    """
    session = get_ipython().kernel.session
    _send = session.send

    def send(socket, what, content=None, *args, **kwargs):
        if what == "error":
            return None
        if what == "execute_reply":
            content = {"status": "ok", "execution_count": 1, "user_expressions": {}}
        return _send(socket, what, content, *args, **kwargs)

    session.send = send
    """,
)
patches(
    "the-output-is-cleared-afterwards",
    "Clears the output of each check cell after it has run.",
    """
    from IPython.display import clear_output
    get_ipython().events.register("post_run_cell", lambda result: clear_output())
    """,
)
patches(
    "hooks-of-the-interpreter",
    "Replaces sys.excepthook, sys.displayhook and sys.unraisablehook.",
    """
    import atexit, sys
    sys.excepthook = sys.unraisablehook = lambda *args: None
    sys.displayhook = lambda value: None
    atexit.register(lambda: sys.stdout.write("full marks"))
    """,
)
patches(
    "formatters-show-a-pass",
    "Replaces the display publisher, so that every card reads as a pass.",
    """
    shell = get_ipython()
    _publish = shell.display_pub.publish

    def publish(data, metadata=None, **kwargs):
        facts = (metadata or {}).get("attn_course")
        if facts:
            facts["kind"] = "passed"
        _publish(data, metadata=metadata, **kwargs)

    shell.display_pub.publish = publish
    shell.display_formatter.format = lambda *args, **kwargs: ({"text/plain": "3"}, {})
    """,
)
patches(
    "python-runs-without-assertions",
    "Sets the optimisation level, so that cells are compiled without assertions.",
    """
    import builtins
    _compile = builtins.compile

    def optimised(*args, **kwargs):
        kwargs["optimize"] = 2
        return _compile(*args[:5], **kwargs)

    builtins.compile = optimised
    """,
    "mix",
)
patches(
    "copies-and-signatures-lie",
    "Replaces copy.deepcopy, inspect.signature and functools.wraps.",
    """
    import copy, functools, inspect
    copy.deepcopy = lambda value, *args: value
    functools.wraps = lambda *args, **kwargs: lambda function: function
    """,
)
patches(
    "warnings-are-verdicts",
    "Replaces the machinery of warnings and of redirected output.",
    """
    import contextlib, warnings
    warnings.warn = lambda *args, **kwargs: None

    class Swallow(contextlib.redirect_stdout):
        def __exit__(self, *exception):
            super().__exit__(*exception)
            return True

    contextlib.redirect_stdout = contextlib.redirect_stderr = Swallow
    """,
)
patches(
    "the-time-limit-swallows-errors",
    "Replaces the clock that bounds a check by a block that swallows its failure.",
    """
    import contextlib, sys
    import attn_course.grading.run

    class Swallow(contextlib.ContextDecorator):
        def __init__(self, *args):
            pass

        def __enter__(self):
            return self

        def __exit__(self, *exception):
            return True

    sys.modules["attn_course.grading.run"].time_limit = Swallow
    """,
)
patches(
    "torch-agrees",
    "Replaces torch.allclose and torch.equal, before anybody imports torch.",
    """
    import sys, types
    fake = types.ModuleType("torch")
    fake.allclose = fake.equal = lambda *args, **kwargs: True
    fake.Tensor = type("Tensor", (), {})
    sys.modules["torch"] = fake
    """,
)


@ATTACKS(
    "Patches everything in a cell of its own that stands before the first check.",
    "nothing",
)
def patches_in_a_cell_of_its_own(scene):
    code = """import sys
import attn_course.grading, attn_course.grading.chapter
attn_course.grading.chapter.Chapter.run = lambda *args: None"""
    return with_cell(scene.wrong(), code, before="shares")
