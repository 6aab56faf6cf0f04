"""The jobs there are, by name: text in, text out, on whatever machine.

An exception does not travel: its name and words do, so that nothing has to be pickled.
"""

import json

from attn_course.engine.unit import Unit

NO_FAULT_OF_THE_WORK = ("NoKernel", "NoPlace", "CannotSandbox", "OtherEnvironment")


class Failed(RuntimeError):
    """A job that ended in an exception: of that name, with those words."""

    def __init__(self, kind: str, says: str):
        super().__init__(f"{kind}: {says}" if says else kind)
        self.kind, self.says = kind, says

    @property
    def for_everybody(self) -> bool:
        """Whether every other job would fail here in the same way."""
        return self.kind in NO_FAULT_OF_THE_WORK


def do(kind: str, text: str) -> str:
    """Do a job of that kind.

    Raises
    ------
    Failed
        Whatever went wrong.
    """
    try:
        return JOBS[kind](text)
    except Exception as error:
        raise Failed(type(error).__name__, str(error).strip()) from error


def _work(text: str) -> str:
    from attn_course.engine.work import work

    result, notebook = work(Unit.from_json(text))
    return json.dumps([result.to_json(), notebook])


def _page(text: str) -> str:
    from attn_course.engine.page import page

    return page(**json.loads(text))


JOBS = {"work": _work, "page": _page}
