"""A service's signature over its events."""

import pytest

from services.kernel.evidence.event_signatures import REVOKED, EventKey, EventKeys
from services.kernel.evidence.signed_notes import InvalidNote
from tests.campaigns.tampering import a_private_key

ENVELOPE = b'{"service":"audit"}'


@pytest.fixture
def key():
    return EventKey("audit", a_private_key())


def have_signed(keys, signature, *, envelope=ENVELOPE, service="audit", including_revoked=True):
    return keys.have_signed(envelope, service, signature, including_revoked=including_revoked)


def test_an_event_is_verified_by_any_key_of_its_service(key):
    older = EventKey("audit", a_private_key())
    keys = EventKeys.read(f"{older.public.line()}\n{key.public.line()}\n")

    assert have_signed(keys, key.sign(ENVELOPE))
    assert have_signed(keys, older.sign(ENVELOPE))


def test_another_envelope_service_key_or_length_is_not_verified(key):
    keys, signature = EventKeys([key.public]), key.sign(ENVELOPE)
    same_key_elsewhere = EventKeys([EventKey("catalog-opt-in", a_private_key()).public])

    assert not have_signed(keys, signature, envelope=ENVELOPE + b" ")
    assert not have_signed(keys, signature, service="catalog-opt-in")
    assert not have_signed(same_key_elsewhere, signature)
    for wrong in (b"", signature[:4], signature[:-1], signature + b"\0", signature[4:]):
        assert not have_signed(keys, wrong)


def test_the_bytes_of_the_envelope_alone_are_not_what_is_signed(key):
    """A key signs scopes too: what it signs as one must never pass as the other."""
    signature = key.public.id + key._private.sign(ENVELOPE)

    assert not have_signed(EventKeys([key.public]), signature)


def test_a_revoked_key_proves_what_is_there_and_signs_nothing_new(key):
    keys = EventKeys.read(f"{key.public.line()}{REVOKED}\n")

    assert have_signed(keys, key.sign(ENVELOPE))
    assert not have_signed(keys, key.sign(ENVELOPE), including_revoked=False)


def test_a_file_with_anything_else_is_refused(key):
    with pytest.raises(InvalidNote):
        EventKeys.read(f"{key.public.line()} trusted\n")
