"""What the demonstration class hands in is what a student could have written."""

from types import SimpleNamespace as Made

from attn_course.classroom.demo import as_submitted

HELPERS = {
    "_half": "def _half(x):\n    return x / 2",
    "_quarter": "def _quarter(x):\n    return _half(_half(x))",
    "_unused": "def _unused(x):\n    return x",
}


def test_a_wrong_answer_brings_along_the_helpers_of_its_helpers():
    part = Made(source='def slip(x):\n    """Told."""\n    return _quarter(x) + 1')
    source = as_submitted(part, "eighth", HELPERS)
    scope = {}
    exec(source, scope)
    assert scope["eighth"](8.0) == 3.0
    assert "_unused" not in source
    assert "Told" not in source
