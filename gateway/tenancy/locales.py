"""Which of a shop's locales a shopper reads in, and what is shown where a text is not in it."""

from collections.abc import Iterator
from itertools import takewhile

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
    if not value:
        return ""
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
    supported = {locale.lower(): locale for locale in shop.supported_locales}
    near = (supported[tag] for tag in widened(requested.lower()) if tag in supported)
    return next(near, shop.default_locale)


def locales_read(shop: KnownTenant, requested: str, *, own: str) -> list[str]:
    """Returns the locales to read a shop in: each text is shown in the first that it is in.

    They are the shop's nearest to the requested one, then its default, each with its language. The
    texts themselves are in `own`, the head office's locale, so nothing after it is asked for.
    """
    chosen = supported_locale(shop, requested)
    chain = dict.fromkeys([*widened(chosen), *widened(shop.default_locale)])
    written = set(widened(own))
    return list(takewhile(lambda tag: tag not in written, chain))


def widened(tag: str) -> Iterator[str]:
    """Yields a tag, and those that say less, the nearest first: zh-Hant-TW, zh-Hant, zh."""
    while tag:
        yield tag
        tag = tag.rpartition("-")[0]
