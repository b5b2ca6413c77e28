"""A good token, changed in every way that chance finds: exactly the good one is believed.

`make test` tries a part of the changes, `make campaign-isolation` a hundred thousand of each kind.
"""

import json
import random
from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest

from gateway.medusa.errors import Refused
from services.kernel.call.errors import Unauthenticated
from services.tenant_registry.accounts import one_time_tokens
from tests.gateway.identity.test_session_tokens import (
    CLAIMS,
    GOOD,
    HEADER,
    NOW,
    OTHER_KEY,
    sessions,
    signed,
)
from tests.isolation.sizes import size
from tests.kernel.call.test_credentials import token, verifier

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \n\0%é"
VALUES: list[object] = [
    None,
    True,
    False,
    0,
    -1,
    1.5,
    "",
    "x",
    [],
    {},
    "souk",
    ["souk-admin"],
    NOW,
    2**63,
]


class Changes:
    """Makes changed copies of a token, always the same ones."""

    def __init__(self, good: str, others: list[str]) -> None:
        self._good = good
        self._others = others
        self._chance = random.Random(20_261_125)

    def __iter__(self):
        makers = (self._byte, self._cut, self._insert, self._swap, self._splice, self._claim)
        while True:
            yield self._chance.choice(makers)()

    def _place(self):
        return self._chance.randrange(len(self._good))

    def _byte(self):
        at = self._place()
        return self._good[:at] + self._chance.choice(ALPHABET) + self._good[at + 1 :]

    def _cut(self):
        start = self._place()
        return self._good[:start] + self._good[start + self._chance.randrange(1, 40) :]

    def _insert(self):
        at, more = self._place(), self._chance.randrange(1, 5)
        word = "".join(self._chance.choice(ALPHABET) for _ in range(more))
        return self._good[:at] + word + self._good[at:]

    def _swap(self):
        parts = self._good.split(".")
        self._chance.shuffle(parts)
        return ".".join(parts)

    def _splice(self):
        """Puts a part of another sound token into this one."""
        parts, other = self._good.split("."), self._chance.choice(self._others).split(".")
        at = self._chance.randrange(min(len(parts), len(other)))
        parts[at] = other[at]
        return ".".join(parts)

    def _claim(self):
        """Changes something in the header or the claims and keeps the signature."""
        parts = self._good.split(".")
        if len(parts) < 2:
            return self._byte()
        at = self._chance.randrange(2)
        fields = json.loads(urlsafe_b64decode(parts[at] + "=" * (-len(parts[at]) % 4)))
        name = self._chance.choice([*fields, "alg", "kid", "jwk", "sub", "sid", "tid", "perms"])
        fields[name] = self._chance.choice(VALUES)
        parts[at] = urlsafe_b64encode(json.dumps(fields).encode()).decode().rstrip("=")
        return ".".join(parts)


def believed(read, good, others, count, *, number):
    """Counts the changed tokens that are believed, the good one itself left out."""
    count("changed tokens", number)
    found = 0
    for tried, changed in enumerate(Changes(good, others)):
        if tried == number:
            return found
        if changed == good:
            continue
        found += read(changed)
    return found


def test_no_change_of_an_access_token_is_believed(record_property):
    good = GOOD.decode()
    others = [
        signed(HEADER, {**CLAIMS, "sub": "user_01JOTHER"}).decode(),
        signed(HEADER, {**CLAIMS, "exp": NOW + 60}).decode(),
        signed(HEADER, CLAIMS, OTHER_KEY).decode(),
        token(),
    ]
    reader = sessions()

    def read(changed):
        try:
            reader.verify(changed.encode())
        except Refused:
            return False
        # Another sound token, put together of its own parts, is that token and no forgery.
        return changed not in others

    assert read(good)
    assert believed(read, good, others, record_property, number=size(12_000, 100_000)) == 0


def test_no_change_of_a_scope_is_believed(record_property):
    good = token()
    others = [token(tid="lyon"), token(sub="admins/user_2"), GOOD.decode()]
    reader = verifier()

    def read(changed):
        try:
            reader.verify(changed)
        except Unauthenticated:
            return False
        return changed not in others

    assert read(good)
    assert believed(read, good, others, record_property, number=size(8_000, 100_000)) == 0


@pytest.mark.parametrize("kind", ["refresh", "reset", "invite"])
def test_no_change_of_a_secret_token_has_its_hash(kind, record_property):
    good = one_time_tokens.new_token(kind)
    stored = one_time_tokens.digest(kind, good)
    others = [one_time_tokens.new_token(other) for other in ("refresh", "reset", "invite")]

    def read(changed):
        return one_time_tokens.digest(kind, changed) == stored

    assert read(good)
    assert believed(read, good, others, record_property, number=size(20_000, 100_000)) == 0


@pytest.mark.parametrize("kind", ["refresh", "reset", "invite"])
def test_a_secret_token_is_of_one_kind(kind):
    for other in {"refresh", "reset", "invite"} - {kind}:
        made = one_time_tokens.new_token(other)
        assert one_time_tokens.digest(kind, made) is None
        renamed = made.replace(f"souk_{other}_", f"souk_{kind}_")
        assert one_time_tokens.digest(kind, renamed) != one_time_tokens.digest(other, made)


def test_an_access_token_and_a_scope_are_not_taken_for_each_other():
    with pytest.raises(Refused):
        sessions().verify(token().encode())
    with pytest.raises(Unauthenticated):
        verifier().verify(GOOD.decode())
