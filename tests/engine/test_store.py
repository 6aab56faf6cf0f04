"""Results are kept whole and for ever; what is damaged counts as not there."""

import json
from dataclasses import replace

import pytest

from attn_course.engine.result import NoResult, Result, digest
from attn_course.engine.store import Store

NOTEBOOK = '{"cells": []}\n'
CHECK = {
    "name": "a-x",
    "points": 1,
    "of": 2,
    "kind": "values",
    "message": "no",
    "diagnosis": None,
    "seed": "11",
    "seconds": 0.5,
    "allowed": 3.0,
    "key": "c0",
}
RESULT = Result("abc", {"student": "ada"}, [CHECK], {}, digest(NOTEBOOK))


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path)


def test_what_is_kept_is_found_again(store):
    assert store.get("abc") is None
    assert store.keep("abc", RESULT.to_json(), NOTEBOOK) == (RESULT, NOTEBOOK)
    assert store.get("abc") == (RESULT, NOTEBOOK)


@pytest.mark.parametrize("suffix", [".json", ".ipynb"])
@pytest.mark.parametrize("damage", [b"", b"{", b"\xff", b'{"key": "abc"}', None])
def test_a_damaged_result_counts_as_not_there_and_is_replaced(store, suffix, damage):
    store.keep("abc", RESULT.to_json(), NOTEBOOK)
    path = store.folder / "ab" / f"abc{suffix}"
    path.unlink()
    if damage is not None:
        path.write_bytes(damage)
    assert store.get("abc") is None
    store.keep("abc", RESULT.to_json(), NOTEBOOK)
    assert store.get("abc") == (RESULT, NOTEBOOK)


@pytest.mark.parametrize(
    "wrong",
    [
        {"key": "abd"},
        {"digest": "0"},
        {"checks": None},
        {"checks": [{**CHECK, "points": 3}]},
        {"checks": [{**CHECK, "points": -1}]},
        {"checks": [{**CHECK, "points": 0.5}]},
        {"checks": [{k: v for k, v in CHECK.items() if k != "seed"}]},
        {"about": []},
        {"doubts": None},
    ],
)
def test_what_is_no_result_of_that_unit_is_refused(store, wrong):
    with pytest.raises(NoResult):
        store.keep("abc", replace(RESULT, **wrong).to_json(), NOTEBOOK)
    assert store.get("abc") is None


def test_a_second_run_with_the_same_points_changes_nothing(store):
    store.keep("abc", RESULT.to_json(), NOTEBOOK)
    again = replace(RESULT, checks=[{**CHECK, "seconds": 0.7}])
    assert store.keep("abc", again.to_json(), NOTEBOOK) == (RESULT, NOTEBOOK)


def test_a_second_run_with_other_points_leaves_the_first_and_a_doubt(store):
    store.keep("abc", RESULT.to_json(), NOTEBOOK)
    again = replace(RESULT, checks=[{**CHECK, "points": 2}])
    doubted, _ = store.keep("abc", again.to_json(), NOTEBOOK)
    assert doubted.points == 1
    assert doubted.doubts == {"a-x": "1 of 2 at the first run, 2 at the second"}
    store.keep("abc", RESULT.to_json(), NOTEBOOK)  # a doubt does not wear off
    assert store.get("abc")[0].doubts == doubted.doubts


def test_results_are_files_that_nobody_writes_to_by_mistake(store):
    store.keep("abc", RESULT.to_json(), NOTEBOOK)
    files = [path for path in store.folder.rglob("*") if path.is_file()]
    assert {path.name for path in files} == {"abc.json", "abc.ipynb"}
    assert {path.stat().st_mode & 0o777 for path in files} == {0o444}
    assert json.loads((store.folder / "ab" / "abc.json").read_text())["key"] == "abc"
