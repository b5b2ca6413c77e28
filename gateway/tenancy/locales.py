"""Which of a shop's locales a shopper reads in."""

from gateway.header_fields import HeaderFields
from gateway.medusa.filters import Locale
from gateway.tenancy.tenant import KnownTenant
from services.kernel.call.errors import InvalidArgument

_HEADER = b"x-medusa-locale"


def locale_in(fields: HeaderFields) -> str:
    """Returns the locale that a request's header asks for; empty if there is none.

    Raises:
        InvalidArgument: LOCALE_INVALID.
    """
    value = fields.joined(_HEADER).decode("latin-1").strip()
    if problem := Locale().problem(value):
        raise InvalidArgument("LOCALE_INVALID", f"{_HEADER.decode()} {problem}")
    return value


def fields_of_locale(locale: str) -> HeaderFields:
    """Returns the fields of a request that asks for a locale and nothing else."""
    return HeaderFields([(_HEADER, locale.encode())])


def supported_locale(shop: KnownTenant, requested: str) -> str:
    """Returns the shop's locale that is nearest to the requested one: fr for fr-TN.

    It is the shop's default where none is requested, or the shop supports none that is near.
    """
    tag = requested.lower()
    while tag:
        for locale in shop.supported_locales:
            if locale.lower() == tag:
                return locale
        tag = tag.rpartition("-")[0]
    return shop.default_locale
