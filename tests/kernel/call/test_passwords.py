"""Password hashes: how they are made and compared, and how many at once."""

import asyncio
from unicodedata import normalize

import pytest

from services.kernel.call.errors import ResourceExhausted
from services.kernel.call.passwords import QUEUE, THREADS, Passwords
from tests.tenant_registry.conftest import HASHER


async def test_a_password_matches_its_own_hash_alone():
    passwords = Passwords()
    paris, lyon = await passwords.hash("paris"), await passwords.hash("lyon")

    assert paris.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await passwords.match(paris, "paris")
    assert not await passwords.match(lyon, "paris")


@pytest.mark.parametrize(
    ("chosen", "typed"),
    [
        ("café crème", normalize("NFD", "café crème")),
        (normalize("NFD", "café crème"), "café crème"),
        ("two words", "two\u00a0words"),
        ("한국", normalize("NFD", "한국")),
    ],
)
async def test_a_password_typed_on_another_machine_is_the_same(chosen, typed):
    passwords = Passwords()
    stored = await passwords.hash(chosen)

    assert await passwords.match(stored, typed)


@pytest.mark.parametrize(("one", "other"), [("m²", "m2"), ("ﬁn", "fin"), ("e", "é")])
async def test_passwords_that_look_different_stay_different(one, other):
    passwords = Passwords()

    assert not await passwords.match(await passwords.hash(one), other)


@pytest.mark.parametrize("stored", [None, "", "plain text", "$argon2id$v=19$m=19456,t=2,p=1$x$y"])
async def test_nothing_matches_a_hash_that_is_none(stored):
    assert not await Passwords().match(stored, "")


@pytest.mark.parametrize("stored", [None, "", "!"])
async def test_an_account_without_a_password_takes_as_long_as_one_with(stored, monkeypatch):
    passwords, compared = Passwords(), list[str]()
    monkeypatch.setattr(passwords, "_verify", lambda known, _: compared.append(known))

    await passwords.match(stored, "p")

    assert [known.partition("$v=")[0] for known in compared] == ["$argon2id"]


COMPOSED, DECOMPOSED = "é à ñ ế 12345", "e\u0301 a\u0300 n\u0303 e\u0302\u0301 12345"


async def test_a_hash_of_a_password_as_it_was_typed_goes_on_and_is_renewed():
    passwords, older = Passwords(), HASHER.hash(DECOMPOSED)

    assert await passwords.match(older, DECOMPOSED)
    assert not await passwords.match(older, COMPOSED)
    newer = await passwords.renewed(older, DECOMPOSED)

    assert await passwords.match(newer, COMPOSED)
    for typed in (COMPOSED, DECOMPOSED):
        assert await passwords.renewed(newer, typed) == newer


@pytest.mark.parametrize("stored", [None, "$argon2id$v=19$m=19456,t=2,p=1$x$y"])
async def test_a_second_spelling_costs_as_much_for_nobody_as_for_somebody(stored, monkeypatch):
    passwords, compared = Passwords(), list[str]()
    monkeypatch.setattr(passwords, "_verify", lambda _, typed: compared.append(typed))

    await passwords.match(stored, DECOMPOSED)

    assert compared == [COMPOSED, DECOMPOSED]


async def test_more_than_fit_into_the_queue_are_refused_at_once_and_later_welcome():
    passwords = Passwords()
    waiting = [asyncio.ensure_future(passwords.hash("p")) for _ in range(THREADS + QUEUE)]
    await asyncio.sleep(0)

    with pytest.raises(ResourceExhausted) as refusal:
        await passwords.hash("p")

    assert refusal.value.reason == "LOGIN_BUSY"
    await asyncio.gather(*waiting)
    assert await passwords.hash("p")


async def test_a_caller_that_goes_away_gives_its_place_back():
    passwords = Passwords()
    waiting = [asyncio.ensure_future(passwords.hash("p")) for _ in range(THREADS + QUEUE)]
    await asyncio.sleep(0)

    for one in waiting:
        one.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)

    # Those that had begun keep their places until they are done; the queue is empty.
    assert len(await asyncio.gather(*(passwords.hash("p") for _ in range(QUEUE)))) == QUEUE
