"""A unit's key changes when something changes that counts, and only then."""

import json
from dataclasses import asdict, replace

from hypothesis import given
from hypothesis import strategies as st

from attn_course.engine.unit import Bundle, Unit

BUNDLE = Bundle(
    "ch01", {"e01.py": "one", "e02.py": "two"}, "{}", {"a-x": "e01.py", "b-y": "e02.py"}
)
UNIT = Unit(
    student="ada",
    submission="5e",
    notebook="{}",
    bundle=BUNDLE,
    named={"a-x": [{"name": "cubed"}]},
    seeds={"a-x": "11", "b-y": "13"},
    environment="e1",
)
TEXT = st.text(max_size=5)
OTHERS = {
    "student": TEXT,
    "submission": TEXT,
    "notebook": TEXT,
    "named": st.dictionaries(TEXT, st.lists(st.integers(), max_size=2), max_size=2),
    "seeds": st.dictionaries(TEXT, TEXT, max_size=2),
    "environment": TEXT,
    "sandboxed": st.just(False),
    "seconds": st.floats(1, 19),
    "bundle": st.builds(
        Bundle, TEXT, st.dictionaries(TEXT, TEXT, max_size=2), TEXT, st.just({})
    ),
}
CHANGES = st.sampled_from(sorted(OTHERS)).flatmap(
    lambda name: OTHERS[name].map(lambda value: {name: value})
)


@given(CHANGES)
def test_whatever_counts_changes_the_key(change):
    other = replace(UNIT, **change)
    assert (other.key == UNIT.key) == (asdict(other) == asdict(UNIT))


@given(CHANGES, CHANGES)
def test_other_content_has_another_key(one, other):
    one, other = replace(UNIT, **one), replace(UNIT, **other)
    assert (one.key == other.key) == (asdict(one) == asdict(other))


@given(st.dictionaries(TEXT, st.dictionaries(TEXT, TEXT)))
def test_what_is_known_already_does_not_change_the_key(known):
    assert replace(UNIT, known=known).key == UNIT.key


@given(CHANGES)
def test_a_unit_travels_as_text_and_arrives_the_same(change):
    unit = replace(UNIT, **change)
    back = Unit.from_json(unit.to_json())
    assert back == unit
    assert back.key == unit.key


def test_no_key_depends_on_the_order_in_which_files_are_found():
    modules = dict(reversed(BUNDLE.modules.items()))
    turned = replace(UNIT, bundle=replace(BUNDLE, modules=modules))
    assert turned.key == UNIT.key
    assert turned.bundle.digest == BUNDLE.digest


def test_a_changed_module_touches_the_checks_in_it_and_no_others():
    modules = BUNDLE.modules | {"e02.py": "another"}
    changed = replace(UNIT, bundle=replace(BUNDLE, modules=modules))
    assert changed.check_key("a-x") == UNIT.check_key("a-x")
    assert changed.check_key("b-y") != UNIT.check_key("b-y")


def test_a_named_mistake_touches_the_check_it_is_named_for():
    named = replace(UNIT, named={"a-x": [], "b-y": []})
    assert named.check_key("a-x") != UNIT.check_key("a-x")
    assert named.check_key("b-y") == UNIT.check_key("b-y")


@given(st.sampled_from(["submission", "environment", "sandboxed", "seconds", "seeds"]))
def test_whatever_all_checks_rest_on_touches_all_of_them(name):
    other = {
        "submission": "5f",
        "environment": "e2",
        "sandboxed": False,
        "seconds": 3.0,
        "seeds": {"a-x": "17", "b-y": "19"},
    }
    changed = replace(UNIT, **{name: other[name]})
    for check in BUNDLE.homes:
        assert changed.check_key(check) != UNIT.check_key(check)


def test_the_secret_does_not_travel(course):
    from attn_course.judge.seeds import course_secret

    from .conftest import unit_of

    secret = course_secret(course.root / "_grading")
    text = unit_of(course, "ada").to_json()
    assert secret.hex() not in text
    assert len(set(json.loads(text)["seeds"].values())) == 4
