"""What comes from a kernel costs the judge little, hides nothing, is shown in short."""

import json
import os
import socket
import types

import numpy as np
import pytest

from attn_course.grading import attempt, close
from attn_course.grading.agent import PLACE
from attn_course.grading.compare import Mismatch
from attn_course.grading.fingerprint import fingerprint
from attn_course.grading.record import Call
from attn_course.grading.values import as_array
from attn_course.grading.wire import pack, receive, send, unpack
from attn_course.judge import link as links
from attn_course.judge import sitting as sittings
from attn_course.judge.cold import _noted
from attn_course.judge.limits import MB, memory_limit
from attn_course.judge.proxy import Proxy
from attn_course.judge.sitting import Sitting
from attn_course.judge.student import Ran

TABLE = np.arange(6.0).reshape(2, 3)
DESCRIBED = {"there": True, "callable": True, "class": False, "named": "f"}


def twice_the_table(double):
    """A table."""
    close(double(TABLE.copy()), 2 * TABLE, "table")


def saying(reply: dict, described: dict | None = None):
    """Return an agent that describes its answer so and replies so to every call."""

    def serve(names):
        with socket.socket(socket.AF_UNIX) as here:
            here.connect(os.environ[PLACE])
            while (request := unpack(receive(here), call_back=print))[0] != "end":
                described_now = request[0] == "describe"
                said = {**DESCRIBED, **(described or {})} if described_now else reply
                send(here, pack(said))

    return serve


def came_of(linked, reply, described=None):
    with linked(instead=saying(reply, described)) as link:
        return attempt(twice_the_table, Proxy(link, "double", {}, 4.0))


def test_text_in_a_list_gets_no_room_in_an_array():
    words = ["x" * 10**6, *[""] * 10**5]  # 400 GB as an array
    assert as_array(words) is None
    assert as_array([[1.0, *words]]) is None
    with pytest.raises(Mismatch, match="something of type list"):
        close(words, TABLE)


def test_a_tensor_that_numpy_cannot_read_is_no_array():
    torch = pytest.importorskip("torch")
    assert as_array([torch.ones(2, dtype=torch.bfloat16)]) is None


@pytest.mark.parametrize(
    "result",
    [{"k" * 10**6: tuple(range(10**4))}, (0,) * 10**5, np.zeros(4 * 10**6, np.int8)],
    ids="names numbers entries".split(),
)
def test_a_fingerprint_is_small_whatever_came(result):
    made = fingerprint(Call((), {}, [], result=result))
    assert 0 < len(json.dumps(made)) < 300_000


def test_what_a_reply_says_is_cut_before_it_is_shown(linked):
    long = "x" * 10**5
    outcome = came_of(linked, {"result": TABLE, "warnings": [long] * 40})
    assert max(map(len, outcome.warnings)) == 500
    outcome = came_of(linked, {"result": TABLE, "changed": {long: 1}})
    assert outcome.kind == "changed"
    assert len(outcome.message) < 200
    for parameters in ([(long, 1, False)], [(f"p{n}", 1, False) for n in range(99)]):
        raised = {"name": "TypeError", "text": "", "where": ""}
        outcome = came_of(linked, {"raised": raised}, {"parameters": parameters})
        assert outcome.kind == "exception"
        assert len(outcome.message) < 500


def test_one_conversation_carries_so_many_bytes_and_no_more(linked, monkeypatch):
    def twenty_times(double):
        """A table, again and again."""
        for _ in range(20):
            double(TABLE)

    monkeypatch.setattr(links, "MOST_RECEIVED", 10**6)
    with linked({"double": lambda x: np.zeros(10**4)}) as link:
        outcome = attempt(twenty_times, Proxy(link, "double", {}, 4.0))
        assert link.broken is not None
    assert "wanted at most" in outcome.message


def test_a_signature_cannot_hide_an_argument_that_was_changed(linked):
    def spoil(mask, /, **options):
        mask *= 0
        return 0 * mask

    def read(table):
        """A table, computed after the answer has had it."""
        x = TABLE.copy()
        close(table(x, mask=np.ones(3)), 2 * x)

    table = types.FunctionType(spoil.__code__, globals(), "table")
    with linked({"table": table}) as link:
        outcome = attempt(read, Proxy(link, "table", {}, 4.0))
    assert outcome.kind == "changed"


def test_an_answer_that_raises_changes_nothing_here(linked):
    x = TABLE.copy()
    raised = {"name": "ValueError", "text": "no", "where": ""}
    reply = {"raised": raised, "changed": {0: 0 * x}}
    with linked(instead=saying(reply)) as link:
        with pytest.raises(ValueError, match="no"):
            Proxy(link, "double", {}, 4.0)(x)
    np.testing.assert_array_equal(x, TABLE)


def test_half_precision_does_not_hide_a_slip():
    with pytest.raises(Mismatch):
        close((TABLE * 1.01).astype(np.float16), TABLE)
    close((TABLE * 1.001).astype(np.float16), TABLE.astype(np.float16))


def test_a_check_that_takes_too_much_memory_gets_an_exception():
    with pytest.raises(MemoryError), memory_limit(50 * MB):
        np.ones(10**8)
    assert np.ones(10**7).sum() == 10**7  # and all is as before


FORGED = {
    "a number for text": {"data": {"text/plain": 5}, "metadata": {}},
    "no metadata": {"data": {"text/plain": "x"}, "metadata": 3},
    "half a letter": {"data": {"text/plain": "\ud800"}, "metadata": {}},
}


@pytest.mark.parametrize("content", FORGED.values(), ids=FORGED)
def test_an_output_of_no_known_form_harms_nobody(content):
    ran = Ran()
    kind = "display_data"
    _noted(
        "iopub",
        {"header": {"msg_type": kind}, "msg_type": kind} | {"content": content},
        ran,
    )
    json.dumps(ran.outputs, ensure_ascii=False).encode()


def test_a_notebook_that_shows_too_much_is_shown_in_part(monkeypatch):
    monkeypatch.setattr(sittings, "MOST_SHOWN", 1000)
    sitting = Sitting(lambda: None, 1.0)
    shown = []
    for size in (600, 600, 200):
        ran = Ran(outputs=[{"text": "x" * size}])
        sitting._shorten(ran)
        shown.append("LeftOut" in str(ran.outputs))
    assert shown == [False, True, False]


def test_a_group_of_exceptions_is_told_as_any_other(linked):
    raised = {"name": "ExceptionGroup", "text": "two things", "where": ""}
    outcome = came_of(linked, {"raised": raised})
    assert outcome.message.startswith("ExceptionGroup: two things")
