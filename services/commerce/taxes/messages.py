"""Converts tax regions and rates to messages, and checks those of callers."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal, InvalidOperation

from souk.commerce.v1 import tax_rate_service_pb2 as rates_pb
from souk.commerce.v1 import tax_region_service_pb2 as regions_pb

from services.commerce.models import TaxRate, TaxRegion
from services.commerce.pricing.taxes import RateRule, Reference
from services.commerce.taxes.rules import PROVIDER
from services.kernel.call import names
from services.kernel.call.errors import invalid
from services.kernel.call.times import message_of
from services.kernel.data.updates import etag
from services.values.countries import is_country

_REFERENCE = rates_pb.TaxRateRule.Reference
_FINEST = Decimal("0.0001")


def region_message(row: TaxRegion, rates: Iterable[rates_pb.TaxRate]) -> regions_pb.TaxRegion:
    message = regions_pb.TaxRegion(
        name=f"tenants/{row.tenant_id}/taxRegions/{row.tax_region_id}",
        country_code=row.country_code,
        province_code=row.province_code,
        parent_id=row.parent_id or "",
        provider_id="" if row.parent_id else PROVIDER,
        tax_rates=rates,
        etag=etag(row.version),
        create_time=message_of(row.create_time),
        update_time=message_of(row.update_time),
    )
    if row.extra is not None:
        message.metadata.update(row.extra)
    return message


def rate_message(row: TaxRate, rules: Iterable[RateRule]) -> rates_pb.TaxRate:
    message = rates_pb.TaxRate(
        name=f"tenants/{row.tenant_id}/taxRates/{row.tax_rate_id}",
        tax_region_id=row.tax_region_id,
        display_name=row.name,
        tax_code=row.code,
        percent="" if row.percent is None else _written(row.percent),
        is_default=row.is_default,
        is_combinable=row.is_combinable,
        rules=[
            rates_pb.TaxRateRule(
                reference=_REFERENCE.Value(f"REFERENCE_{rule.reference.upper()}"),
                reference_id=rule.reference_id,
            )
            for rule in rules
        ],
        etag=etag(row.version),
        create_time=message_of(row.create_time),
        update_time=message_of(row.update_time),
    )
    if row.extra is not None:
        message.metadata.update(row.extra)
    return message


def checked_region(requested: regions_pb.TaxRegion) -> regions_pb.TaxRegion:
    """Returns a tax region as it is stored: a province's code begins with its country's.

    Raises:
        InvalidArgument: FIELD_INVALID, with the fields.
    """
    result = regions_pb.TaxRegion()
    result.CopyFrom(requested)
    country = requested.country_code.upper()
    short = requested.province_code.upper().removeprefix(f"{country}-")
    result.country_code = country
    result.province_code = f"{country}-{short}" if requested.province_code else ""
    if violations := dict(_problems_of_region(result, short)):
        raise invalid("FIELD_INVALID", violations)
    result.provider_id = "" if result.province_code else PROVIDER
    return result


def _problems_of_region(region: regions_pb.TaxRegion, short: str) -> Iterator[tuple[str, str]]:
    if not is_country(region.country_code):
        yield "country_code", "must be an ISO 3166-1 alpha-2 code, for example fr"
    if region.province_code and not (1 <= len(short) <= 3 and short.isascii() and short.isalnum()):
        yield "province_code", "must be an ISO 3166-2 code, for example ca-on"
    if region.parent_id and not region.province_code:
        yield "parent_id", "must be empty, unless there is a province_code"
    if region.province_code and region.provider_id:
        yield "provider_id", "must be empty: a province has its country's"
    if region.provider_id not in ("", PROVIDER):
        yield "provider_id", f"must be {PROVIDER}"


def checked_rate(requested: rates_pb.TaxRate, *, at: str = "") -> rates_pb.TaxRate:
    """Returns a rate as it is stored: rules sorted and without repeats; `at` is where it is said.

    Raises:
        InvalidArgument: FIELD_INVALID, with the fields.
    """
    if violations := {f"{at}{field}": text for field, text in _problems_of_rate(requested)}:
        raise invalid("FIELD_INVALID", violations)
    result = rates_pb.TaxRate()
    result.CopyFrom(requested)
    if requested.percent:
        result.percent = _written(Decimal(requested.percent))
    found = {(rule.reference, rule.reference_id): rule for rule in requested.rules}
    del result.rules[:]
    result.rules.extend(sorted(found.values(), key=lambda one: (_reference(one), one.reference_id)))
    return result


def rules_of(rate: rates_pb.TaxRate) -> Sequence[RateRule]:
    return [RateRule(_reference(rule), rule.reference_id) for rule in rate.rules]


def percent_of(rate: rates_pb.TaxRate) -> Decimal | None:
    return Decimal(rate.percent) if rate.percent else None


def _problems_of_rate(rate: rates_pb.TaxRate) -> Iterator[tuple[str, str]]:
    for field in ("display_name", "tax_code"):
        value = getattr(rate, field)
        if not value.strip():
            yield field, "must not be empty"
        elif not value.isprintable():
            yield field, "must not contain control characters"
    if rate.percent and not _is_percent(rate.percent):
        yield "percent", "must be a number from 0 to 100 with at most four decimal places"
    for place, rule in enumerate(rate.rules):
        if rule.reference == _REFERENCE.REFERENCE_UNSPECIFIED:
            yield f"rules[{place}].reference", "must be product, product_type or shipping_option"
        if not names.IDENTIFIER.fullmatch(rule.reference_id):
            yield f"rules[{place}].reference_id", "must be an id"


def _is_percent(text: str) -> bool:
    try:
        value = Decimal(text)
        return 0 <= value <= 100 and value == value.quantize(_FINEST)
    except InvalidOperation:
        return False


def _written(percent: Decimal) -> str:
    return f"{percent.quantize(_FINEST).normalize():f}"


def _reference(rule: rates_pb.TaxRateRule) -> Reference:
    return Reference(_REFERENCE.Name(rule.reference).removeprefix("REFERENCE_").lower())
