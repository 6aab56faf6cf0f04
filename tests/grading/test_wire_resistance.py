"""The wire at the sender: things that resist being looked at."""

import sys

import numpy as np
import pytest
import torch

from attn_course.grading.wire import Opaque, WireError, pack, unpack


def there(value):
    return unpack(pack(value))


def never(*_, **__):
    raise RuntimeError("the wire ran what it was to look at")


def thing(base=object, *args, **members):
    """Return an instance of a subclass `Thing` of `base` with these members."""
    return type("Thing", (base,), members)(*args)


RESISTING = {
    "class": thing(__class__=property(lambda _: int)),
    "class that raises": thing(__class__=property(never)),
    "array that raises": thing(__array__=never),
    "array of text": thing(__array__=lambda *_, **__: "text"),
    "array of objects": thing(__array__=lambda *_, **__: np.array([None])),
    "array of itself": thing(__array__=lambda self, *_, **__: np.asarray(self)),
    "array that is no method": thing(__array__=7),
    "interface": thing(
        __array_interface__={
            "shape": (2**40,),
            "typestr": "<f8",
            "data": (64, False),
            "version": 3,
        }
    ),
    "reduce": thing(__reduce__=never, __reduce_ex__=never, __getstate__=never),
    "attributes": thing(__getattr__=lambda self, name: self),
    "attributes that raise": thing(__getattribute__=never),
    "length that raises": thing(__len__=never),
    "length below zero": thing(__len__=lambda _: -1),
    "iteration": thing(__iter__=lambda self: self, __next__=lambda _: 0),
    "comparison": thing(__eq__=lambda *_: True, __hash__=lambda _: 0),
    "comparison that raises": thing(__eq__=never, __hash__=never, __bool__=never),
    "repr that raises": thing(__repr__=never),
    "repr that stops Python": thing(__repr__=lambda _: sys.exit()),
    "repr that is no text": thing(__repr__=lambda _: 7),
    "repr of itself": thing(__repr__=lambda self: repr(self)),
    "repr that cannot be written": thing(__repr__=lambda _: "\ud800\0<b>" * 99),
    "descriptor": thing(dtype=property(never), shape=property(never), detach=never),
}


@pytest.mark.parametrize("how", RESISTING)
def test_a_thing_that_resists_is_opaque(how):
    seen = there([RESISTING[how]])[0]
    assert type(seen) is Opaque
    assert seen.kind == "Thing"
    assert len(seen.text.encode()) <= 4 * 200


def test_a_metaclass_has_no_say_in_how_its_things_are_named():
    class Loud(type):
        __name__ = property(never)
        __hash__ = __eq__ = __instancecheck__ = __subclasscheck__ = never
        __getattribute__ = never

    class Louder(metaclass=Loud):
        pass

    assert there(Louder()).kind == "Louder"
    assert there(Louder).kind == "Loud"


@pytest.mark.parametrize(
    ("name", "kind"),
    [("<b>", "_b_"), ("", "object"), ("é" * 99, "é" * 60), ("a b", "a_b")],
    ids=["markup", "none", "long", "two words"],
)
def test_the_name_of_a_type_is_cut_to_a_word(name, kind):
    assert there(type(name, (), {})()).kind == kind


@pytest.mark.parametrize("fields", [(7, None), (["a"], b"x"), ("a b", "\ud800")])
def test_an_opaque_thing_with_odd_fields_is_made_a_proper_one(fields):
    seen = there(Opaque(*fields))
    assert seen.kind in ("object", "a_b")
    assert seen.text in ("", "?")


ALL_NEVER = {
    name: never
    for name in (
        *("__eq__", "__len__", "__iter__", "__getitem__", "__str__", "__repr__"),
        *("__int__", "__index__", "__float__", "__complex__", "__array__", "__copy__"),
        *("__reduce__", "__getattribute__", "__format__", "__bool__", "keys", "items"),
    )
} | {"__hash__": lambda _: 0}


@pytest.mark.parametrize(
    "plain", [7, 2**70, 2.5, 1j, "abc", b"abc", (1, (2,)), [1, [2]], {"a": 1}], ids=repr
)
def test_a_subclass_has_no_say_in_how_it_crosses(plain):
    hostile = thing(type(plain), plain, **ALL_NEVER)
    seen = there([hostile])[0]
    assert type(seen) is type(plain)
    assert seen == plain


@pytest.mark.parametrize("array", [never, lambda *_, **__: np.ones((2, 3))])
def test_neither_has_a_scalar_of_a_subclass(array):
    hostile = thing(np.float64, 2.5, **(ALL_NEVER | {"__array__": array}))
    assert type(there(hostile)) is np.float64


def test_neither_has_an_array_of_a_subclass():
    members = ("__array_finalize__", "__array_ufunc__", "__array_function__", "tobytes")
    kind = type("Thing", (np.ndarray,), {"__array__": never})
    hostile = np.arange(6.0).reshape(2, 3).view(kind)
    for name in (*members, "__getattribute__", "__array_wrap__", "astype", "view"):
        setattr(kind, name, never)
    kind.dtype = kind.shape = kind.nbytes = property(never)
    np.testing.assert_array_equal(there(hostile), np.arange(6.0).reshape(2, 3))


def test_neither_has_a_tensor_of_a_subclass():
    kind = type("Thing", (torch.Tensor,), {})
    hostile = torch.arange(6.0).reshape(2, 3).as_subclass(kind)
    kind.__torch_function__ = classmethod(never)
    for name in ("numpy", "__array__", "numel", "element_size", "detach", "dtype"):
        setattr(kind, name, never)
    arrived = there(hostile)
    assert type(arrived) is torch.Tensor
    assert torch.equal(arrived, torch.arange(6.0).reshape(2, 3))


def test_keys_of_a_subclass_are_made_plain_and_never_become_one():
    one = thing(str, "a", __hash__=lambda _: 1, __eq__=lambda *_: False)
    other = thing(str, "a", __hash__=lambda _: 2, __eq__=lambda *_: False)
    assert there({one: 3}) == {"a": 3}
    assert type(next(iter(there({one: 3})))) is str
    assert there({one: 3, other: 5}).kind == "dict"
    deep = ()
    for _ in range(50):
        deep = (deep,)
    with pytest.raises(WireError, match="containers in one another"):
        pack({deep: 1})


def test_booleans_are_sent_as_0_and_1_whatever_byte_they_were():
    odd = np.array([0, 1, 2, 255], np.uint8)
    for array in (odd.view(bool), torch.from_numpy(odd).view(torch.bool)):
        assert bytes(np.asarray(there(array)).view(np.uint8)) == b"\0\1\1\1"


def test_an_interruption_while_something_is_shown_is_let_through():
    def interrupted(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pack(thing(__repr__=interrupted))
