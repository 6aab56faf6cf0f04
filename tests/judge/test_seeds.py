"""Seeds nobody can foresee, and everybody with the secret can compute again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attn_course.judge.seeds import course_secret, seed

names = st.lists(st.text(max_size=6), max_size=4)


@given(names, names)
def test_two_lists_of_names_have_one_seed_only_if_they_are_the_same(one, other):
    assert (seed(b"s", *one) == seed(b"s", *other)) == (one == other)


def test_another_secret_gives_other_seeds():
    assert seed(b"s", "ada", "ch02") != seed(b"t", "ada", "ch02")


def test_the_secret_is_made_once_and_readable_to_its_owner_alone(tmp_path):
    secret = course_secret(tmp_path)
    assert len(secret) == 32
    assert course_secret(tmp_path) == secret
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["", "abc", "zz" * 32, "ab" * 31, "\ufeff"])
def test_a_damaged_secret_is_not_replaced_in_silence(tmp_path, text):
    (tmp_path / "secret").write_text(text, "utf8")
    with pytest.raises(ValueError, match="64 hexadecimal digits"):
        course_secret(tmp_path)
    assert (tmp_path / "secret").read_text("utf8") == text
