"""Secrets in the contract: each says that it is one, and no event ever has it."""

import re

import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message_factory import GetMessageClass
from souk.kernel.v1 import access_pb2

from services.kernel.evidence.changes import changes
from tests.isolation.contract import every_rpc

NAMED_LIKE_ONE = re.compile(r"(^|_)(password|secret|token|code|otp|credential)s?$")
NONE = re.compile(
    r"(^|_)((next_)?page_token|country_code|currency_code|hs_code|mid_code|postal_code"
    r"|promo_codes|province_codes?|country_codes|tax_code)$"
)
# Staff spread them: whoever has one may use it.
CODES_OF_PROMOTIONS = {
    "souk.commerce.v1.Promotion.code",
    "souk.commerce.v1.ListPromotionsRequest.code",
}


def messages():
    """Every message that a method takes or gives, and those within it."""
    found = {}
    waiting = [m for rpc in every_rpc() for m in (rpc.method.input_type, rpc.method.output_type)]
    while waiting:
        kind = waiting.pop()
        if kind.full_name not in found and kind.full_name.startswith("souk."):
            found[kind.full_name] = kind
            waiting += [f.message_type for f in kind.fields if f.message_type is not None]
    return found


def is_secret(field):
    return field.GetOptions().Extensions[access_pb2.sensitivity] == access_pb2.SENSITIVITY_SECRET


MESSAGES = messages()
WITH_SECRETS = sorted(name for name, kind in MESSAGES.items() if any(map(is_secret, kind.fields)))


def test_a_field_named_like_a_secret_is_marked_sensitive():
    silent = [
        field.full_name
        for kind in MESSAGES.values()
        for field in kind.fields
        if field.type in (FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES)
        and NAMED_LIKE_ONE.search(field.name)
        and not NONE.search(field.name)
        and field.full_name not in CODES_OF_PROMOTIONS
        and not is_secret(field)
    ]

    assert silent == []


def test_secrets_are_found():
    assert len(WITH_SECRETS) >= 3


@pytest.mark.parametrize("name", WITH_SECRETS)
def test_no_event_has_a_secret(name):
    kind = MESSAGES[name]
    canaries = {f.name: f"canary-{f.name}" for f in kind.fields if is_secret(f)}
    message = GetMessageClass(kind)()
    for field in kind.fields:
        if field.name in canaries:
            value = canaries[field.name]
            given = value.encode() if field.type == FieldDescriptor.TYPE_BYTES else value
            if field.is_repeated:
                getattr(message, field.name).append(given)
            else:
                setattr(message, field.name, given)

    for before, after in ((None, message), (message, None), (message, message)):
        assert "canary" not in str(changes(before, after))
