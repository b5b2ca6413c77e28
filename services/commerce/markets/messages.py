"""Converts regions to messages, and checks those of callers."""

from collections.abc import Iterable, Iterator, Sequence

from souk.commerce.v1 import region_service_pb2 as pb

from services.commerce.markets.rules import Market
from services.commerce.models import Region
from services.kernel.call.errors import NotFound, invalid
from services.kernel.call.scope import current_scope
from services.kernel.call.times import message_of
from services.kernel.data.updates import etag
from services.values.countries import is_country
from services.values.money import digits


def region_message(row: Region, countries: Iterable[str]) -> pb.Region:
    message = pb.Region(
        name=_name(row.tenant_id, row.region_id),
        display_name=row.name,
        currency_code=row.currency_code,
        countries=sorted(countries),
        automatic_taxes=row.automatic_taxes,
        includes_tax=row.includes_tax,
        payment_providers=row.payment_providers,
        etag=etag(row.version),
        create_time=message_of(row.create_time),
        update_time=message_of(row.update_time),
    )
    if row.extra is not None:
        message.metadata.update(row.extra)
    return message


def market_message(market: Market) -> pb.Region:
    """Shows the region of a tenant's settings, which is not stored."""
    return pb.Region(
        name=_name(current_scope().tenant or "", market.id),
        display_name=market.name,
        currency_code=market.currency_code,
        countries=market.countries,
        automatic_taxes=market.automatic_taxes,
        includes_tax=market.includes_tax,
        payment_providers=market.payment_providers,
        etag=etag(0),
    )


def checked(requested: pb.Region, providers: Sequence[str]) -> pb.Region:
    """Returns a region as it is stored: lists without repeats, countries sorted.

    `providers` are those that there are.

    Raises:
        InvalidArgument: FIELD_INVALID or CURRENCY_UNKNOWN, with the fields.
        NotFound: PAYMENT_PROVIDER_NOT_FOUND.
    """
    if violations := dict(_problems(requested)):
        raise invalid("FIELD_INVALID", violations)
    digits(requested.currency_code)
    for provider in requested.payment_providers:
        if provider not in providers:
            raise NotFound(
                "PAYMENT_PROVIDER_NOT_FOUND",
                f"No such payment provider: {provider}. There is {', '.join(providers)}.",
            )
    result = pb.Region()
    result.CopyFrom(requested)
    result.countries[:] = sorted(set(requested.countries))
    result.payment_providers[:] = list(dict.fromkeys(requested.payment_providers))
    if not requested.HasField("automatic_taxes"):
        result.automatic_taxes = True
    return result


def _problems(requested: pb.Region) -> Iterator[tuple[str, str]]:
    if not requested.display_name.strip():
        yield "display_name", "must not be empty"
    elif not requested.display_name.isprintable():
        yield "display_name", "must not contain control characters"
    for place, code in enumerate(requested.countries):
        if not is_country(code):
            text = "must be an ISO 3166-1 alpha-2 code, for example fr"
            yield f"countries[{place}]", text


def _name(tenant_id: str, region_id: str) -> str:
    return f"tenants/{tenant_id}/regions/{region_id}"
