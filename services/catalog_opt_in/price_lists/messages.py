"""Converts price lists between their rows and their messages, and checks those of callers."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from souk.catalog_opt_in.v1 import price_list_service_pb2 as pb

from services.catalog_opt_in.models import PriceList, PriceListPrice
from services.catalog_opt_in.price_lists.rules import applies, next_turn
from services.catalog_opt_in.violations import Violations
from services.kernel.call import times
from services.kernel.call.errors import invalid
from services.kernel.call.names import IDENTIFIER
from services.kernel.call.times import message_of
from services.kernel.data.updates import etag
from services.values.money import money

_TYPE, _STATUS = pb.PriceList.Type, pb.PriceList.Status


def price_list_message(
    row: PriceList, prices: Sequence[PriceListPrice], now: datetime
) -> pb.PriceList:
    return pb.PriceList(
        name=f"tenants/{row.tenant_id}/priceLists/{row.price_list_id}",
        title=row.title,
        description=row.description,
        type=_TYPE.Value(f"TYPE_{row.type}"),
        status=_STATUS.Value(f"STATUS_{row.status}"),
        start_time=message_of(row.starts_at) if row.starts_at else None,
        end_time=message_of(row.ends_at) if row.ends_at else None,
        customer_groups=row.group_ids,
        prices=[price_message(price) for price in prices],
        in_force=applies(row.status, row.starts_at, row.ends_at, now),
        etag=etag(row.version),
        create_time=message_of(row.created_at),
        update_time=message_of(row.updated_at),
    )


def price_message(row: PriceListPrice) -> pb.PriceListPrice:
    return pb.PriceListPrice(
        id=row.price_id,
        variant=row.variant_id,
        price=money(row.amount_minor, row.currency),
        min_quantity=row.min_quantity,
        max_quantity=row.max_quantity,
    )


def statuses(request: pb.ListPriceListsRequest) -> list[str]:
    """Reads which statuses are asked for; an unknown one is of no list."""
    known = _STATUS.DESCRIPTOR.values_by_number
    return [
        known[one].name.removeprefix("STATUS_") if one in known else "" for one in request.statuses
    ]


def put(requested: pb.PriceList, row: PriceList, now: datetime) -> None:
    """Puts a list into its row, but for its prices.

    Raises:
        InvalidArgument: FIELD_INVALID, with the fields.
    """
    if violations := dict(_problems(requested)):
        raise invalid("FIELD_INVALID", violations)
    row.title, row.description = requested.title, requested.description
    row.type = _TYPE.Name(requested.type or pb.PriceList.TYPE_SALE).removeprefix("TYPE_")
    status = requested.status or pb.PriceList.STATUS_DRAFT
    row.status = _STATUS.Name(status).removeprefix("STATUS_")
    row.starts_at, row.ends_at = _moment(requested, "start_time"), _moment(requested, "end_time")
    row.turns_at = next_turn(row.status, row.starts_at, row.ends_at, now)
    row.group_ids = sorted(set(requested.customer_groups))
    row.updated_at = now


def _problems(requested: pb.PriceList) -> Iterator[tuple[str, str]]:
    if not requested.title.strip() or not requested.title.isprintable():
        yield "title", "must not be empty, nor contain control characters"
    if requested.type not in _TYPE.values():
        yield "type", "must be sale or override"
    if requested.status not in _STATUS.values():
        yield "status", "must be draft or active"
    start, end = _moment(requested, "start_time"), _moment(requested, "end_time")
    if start and end and start >= end:
        yield "end_time", "must be after the start"
    for place, group in enumerate(requested.customer_groups):
        if not IDENTIFIER.fullmatch(group):
            yield f"customer_groups[{place}]", "must be the id of a group of customers"


def _moment(requested: pb.PriceList, field: str) -> datetime | None:
    return times.read(requested, field, reason="FIELD_INVALID")


def put_price(
    requested: pb.PriceListPrice,
    row: PriceListPrice,
    listings: Mapping[str, str],
    violations: Violations,
) -> None:
    """Puts a price into its row; what is wrong with it is noted.

    `listings` are those that variants are of, by variant.
    """
    row.amount_minor = violations.price(requested.price, "price")
    row.currency = requested.price.currency_code
    row.variant_id = requested.variant
    row.listing_id = listings.get(requested.variant, "")
    row.min_quantity, row.max_quantity = requested.min_quantity, requested.max_quantity
    if not row.listing_id:
        violations.add(
            "variant", "must be a variant of a product that the shop lists", "VARIANT_UNKNOWN"
        )
    for field in ("min_quantity", "max_quantity"):
        if getattr(requested, field) < 0:
            violations.add(field, "must not be negative")
    if 0 < requested.max_quantity < requested.min_quantity:
        violations.add("max_quantity", "must not be less than min_quantity")
