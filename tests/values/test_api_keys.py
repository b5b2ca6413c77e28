"""The form of API keys, and their checksum."""

import hashlib
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.values.api_keys import PUBLISHABLE, SECRET, digest, is_sound, new_key, visible_prefix

FORMS = {SECRET: "souk_live_", PUBLISHABLE: "pk_"}


@pytest.mark.parametrize("kind", FORMS)
def test_a_key_is_its_kinds_prefix_thirty_random_characters_and_six_of_a_checksum(kind):
    keys = {new_key(kind) for _ in range(100)}

    assert len(keys) == 100
    for key in keys:
        body = key.removeprefix(FORMS[kind])
        assert len(body) == 36
        assert set(body) <= set(string.ascii_letters + string.digits)
        assert is_sound(key, kind)


def test_a_key_of_one_kind_is_none_of_another():
    assert not is_sound(new_key(SECRET), PUBLISHABLE)
    assert not is_sound(new_key(PUBLISHABLE), SECRET)


@given(st.integers(0, 45), st.characters())
def test_a_key_with_another_character_anywhere_is_not_sound(place, character):
    key = new_key(SECRET)
    changed = key[:place] + character + key[place + 1 :]

    assert is_sound(changed, SECRET) is (changed == key)


@pytest.mark.parametrize("wrong", ["", "souk_live_", "souk_live_" + "0" * 36, "\ud800"])
def test_a_malformed_key_is_not_sound(wrong):
    assert not is_sound(wrong, SECRET)
    assert not is_sound(new_key(SECRET) + "\n", SECRET)
    assert not is_sound(" " + new_key(SECRET), SECRET)


def test_of_a_key_its_sha_256_is_kept_and_four_characters_are_shown():
    key = new_key(SECRET)

    assert digest(key) == hashlib.sha256(key.encode()).digest()
    assert visible_prefix(key, SECRET) == key[:14]
