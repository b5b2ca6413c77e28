"""Converts campaigns between their rows and their messages, and checks those of callers."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from souk.commerce.v1 import campaign_service_pb2 as pb

from services.commerce.models import Campaign
from services.commerce.promotions.checking import decimal_of
from services.commerce.promotions.messages import word, word_value
from services.commerce.promotions.rules import BUDGET_ATTRIBUTES
from services.kernel.call import times
from services.kernel.call.errors import invalid
from services.kernel.call.times import message_of
from services.kernel.data.updates import etag
from services.values.money import CURRENCIES, MOST_MINOR, major

_C = pb.Campaign
_OF_AMOUNTS = (_C.BUDGET_TYPE_SPEND, _C.BUDGET_TYPE_SPEND_BY_ATTRIBUTE)
_BY_ATTRIBUTE = (_C.BUDGET_TYPE_SPEND_BY_ATTRIBUTE, _C.BUDGET_TYPE_USE_BY_ATTRIBUTE)


def campaign_message(row: Campaign, used: int) -> pb.Campaign:
    message = pb.Campaign(
        name=f"tenants/{row.tenant_id}/campaigns/{row.campaign_id}",
        display_name=row.name,
        identifier=row.identifier,
        description=row.description,
        start_time=message_of(row.start_time) if row.start_time else None,
        end_time=message_of(row.end_time) if row.end_time else None,
        etag=etag(row.version),
        create_time=message_of(row.create_time),
        update_time=message_of(row.update_time),
    )
    if row.budget_type is not None:
        message.budget_type = word_value(pb.Campaign, "budget_type", row.budget_type)
        message.budget_currency_code = row.budget_currency_code or ""
        message.budget_attribute = row.budget_attribute or ""
        message.budget_used = _text(used, row)
        if row.budget_limit is not None:
            message.budget_limit = _text(row.budget_limit, row)
    return message


def put(message: pb.Campaign, row: Campaign) -> None:
    """Puts a checked campaign into its row."""
    row.name, row.identifier = message.display_name, message.identifier
    row.description = message.description
    row.start_time, row.end_time = _moment(message, "start_time"), _moment(message, "end_time")
    has_budget = message.budget_type != _C.BUDGET_TYPE_UNSPECIFIED
    row.budget_type = word(message, "budget_type") if has_budget else None
    row.budget_currency_code = message.budget_currency_code or None
    row.budget_attribute = message.budget_attribute or None
    row.budget_limit = None
    if message.budget_limit:
        places = CURRENCIES.get(message.budget_currency_code, 0)
        row.budget_limit = int(Decimal(message.budget_limit).scaleb(places))


def counts_the_same(before: pb.Campaign, after: pb.Campaign) -> bool:
    """Tells whether what was counted for a budget still means the same."""
    return (before.budget_type, before.budget_currency_code, before.budget_attribute) == (
        after.budget_type,
        after.budget_currency_code,
        after.budget_attribute,
    )


def checked(requested: pb.Campaign) -> pb.Campaign:
    """Returns a campaign as it is stored.

    Raises:
        InvalidArgument: FIELD_INVALID, with the fields.
    """
    result = pb.Campaign()
    result.CopyFrom(requested)
    result.identifier = requested.identifier.strip()
    if violations := dict(_problems(result)):
        raise invalid("FIELD_INVALID", violations)
    if result.budget_limit:
        result.budget_limit = f"{Decimal(result.budget_limit).normalize():f}"
    return result


def _problems(campaign: pb.Campaign) -> Iterator[tuple[str, str]]:
    for field in ("display_name", "identifier"):
        text: str = getattr(campaign, field)
        if not text.strip() or not text.isprintable():
            yield field, "must not be empty, nor contain control characters"
    start, end = _moment(campaign, "start_time"), _moment(campaign, "end_time")
    if start and end and start >= end:
        yield "end_time", "must be after the start"
    kind = campaign.budget_type
    places = 0
    if kind in _OF_AMOUNTS:
        if campaign.budget_currency_code not in CURRENCIES:
            yield "budget_currency_code", "must be an ISO 4217 code, for example eur"
            return
        places = CURRENCIES[campaign.budget_currency_code]
    elif campaign.budget_currency_code:
        yield "budget_currency_code", "must not be set: it is for amounts alone"
    if kind in _BY_ATTRIBUTE and campaign.budget_attribute not in BUDGET_ATTRIBUTES:
        yield "budget_attribute", f"must be {' or '.join(BUDGET_ATTRIBUTES)}"
    elif kind not in _BY_ATTRIBUTE and campaign.budget_attribute:
        yield "budget_attribute", "must not be set: it is for budgets by attribute alone"
    if campaign.budget_limit:
        limit = decimal_of(campaign.budget_limit, places=places)
        if kind == _C.BUDGET_TYPE_UNSPECIFIED:
            yield "budget_type", "must be set, if there is a limit"
        elif limit is None or limit.scaleb(places) > MOST_MINOR:
            yield "budget_limit", f"must be a number above 0 with at most {places} decimal places"


def _moment(campaign: pb.Campaign, field: str) -> datetime | None:
    return times.read(campaign, field, reason="FIELD_INVALID")


def _text(amount: int, row: Campaign) -> str:
    """Writes what is counted: in major units, if it is money."""
    if row.budget_currency_code is None:
        return str(amount)
    number = major(amount, row.budget_currency_code)
    return f"{number.normalize():f}" if amount else "0"
