"""Forms that attacks of several kinds share."""

import textwrap

from ..scene import WRONG

LOAD = """
    import importlib.util
    spec = importlib.util.spec_from_file_location("found", {where})
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    shares = module.shares
"""


def stealing(code: str) -> str:
    """Return a wrong `shares` that is replaced by what `code` finds, if it does."""
    return f"{WRONG['shares']}\n\n\n{trying(code)}"


def wrong_and(code: str, of: str = "shares") -> str:
    """Return a wrong answer, and after it `code`, which is left to fail or not."""
    return f"{WRONG[of]}\n\n\n{textwrap.dedent(code).strip()}"


def trying(code: str) -> str:
    tried = textwrap.indent(textwrap.dedent(code).strip(), "    ")
    return f"try:\n{tried}\nexcept BaseException:\n    pass"
