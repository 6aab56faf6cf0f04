"""configured: arguments by place and by name, defaults, and heirs."""

import pytest
from torch import nn

from attn_course.nn import configured


class Parent(nn.Module):
    @configured
    def __init__(self, width, depth=2, *, bias=True, **options):
        """Keep me."""
        super().__init__()


class Child(Parent):
    @configured
    def __init__(self, size):
        super().__init__(size + 1, slope=3)


def test_keeps_arguments_however_they_are_given():
    wanted = {"width": 5, "depth": 2, "bias": False, "slope": 0.5}
    assert Parent(5, bias=False, slope=0.5).config == wanted
    assert Parent(width=5, depth=2, bias=False, slope=0.5).config == wanted


def test_an_heir_keeps_its_own_arguments():
    assert Child(4).config == {"size": 4}
    assert Child(**Child(4).config).config == {"size": 4}


def test_the_docstring_stays():
    assert Parent.__init__.__doc__ == "Keep me."


def test_refuses_what_the_constructor_refuses():
    with pytest.raises(TypeError, match="size"):
        Child()
