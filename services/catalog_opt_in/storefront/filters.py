"""Reads which products are asked for into the form that the database's functions take.

That is a list of conditions which must all hold. Each is a list of filters, one of which must.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

import orjson
from souk.catalog_opt_in.v1 import storefront_service_pb2 as pb
from souk.kernel.v1.times_pb2 import TimeRange

from services.catalog_opt_in.folding import sort_key
from services.kernel.call import times
from services.kernel.call.errors import invalid

Filter = dict[str, list[str] | str | int]

_LISTS = ("ids", "handles", "titles", "collection_ids", "category_ids", "tag_ids", "type_ids")
_OF_REQUEST = ("ids", "handles", "collection_ids", "category_ids", "tag_ids", "type_ids")
_CODES = {"skus": "sku", "eans": "ean", "upcs": "upc", "barcodes": "barcode"}
_MILLISECOND = timedelta(milliseconds=1)
# After it there is no other.
_LAST_MILLISECOND = datetime.max.replace(tzinfo=UTC, microsecond=999_000)


def conditions(request: pb.ListStoreProductsRequest) -> str | None:
    """Reads the conditions of a request as JSON; None if there are none.

    Raises:
        InvalidArgument: TIME_INVALID for a time that no calendar has, FIELD_INVALID for a value of
            an option without the option.
    """
    found: list[list[Filter]] = [[{**_lists(request, _OF_REQUEST)}]]
    found += [[_filter(choice) for choice in condition.filters] for condition in request.conditions]
    # Whatever passes an empty filter passes the condition.
    found = [filters for filters in found if filters and all(filters)]
    return orjson.dumps(found).decode() if found else None


def _filter(message: pb.StoreProductFilter) -> Filter:
    found: Filter = {**_lists(message, _LISTS)}
    if message.titles:
        found["title_keys"] = [sort_key(title) for title in message.titles]
    for column in ("created", "updated"):
        for name, moment in bounds(getattr(message, f"{column}_at")):
            found[f"{column}_{name}"] = moment.isoformat()
    if message.HasField("least_price_minor"):
        found["least_price"] = message.least_price_minor
    if message.HasField("most_price_minor"):
        found["most_price"] = message.most_price_minor
    return found | _variant(message.variant)


def _variant(message: pb.StoreVariantFilter) -> Filter:
    found = {column: list(getattr(message, name)) for name, column in _CODES.items()}
    found["option_value_ids"] = sorted(set(message.option_value_ids))
    if bool(message.option_id) != bool(message.option_value):
        raise invalid("FIELD_INVALID", {"option_id": "must come with option_value"})
    if message.option_id:
        found["option"] = [message.option_id, message.option_value]
    return {name: values for name, values in found.items() if values}


def _lists(
    message: pb.ListStoreProductsRequest | pb.StoreProductFilter, names: Iterable[str]
) -> dict[str, list[str]]:
    return {name: list(values) for name in names if (values := getattr(message, name))}


def bounds(message: TimeRange) -> Iterator[tuple[str, datetime]]:
    """Yields `from` and when, and `before` and when, each if there is such a bound.

    Clients read milliseconds of what is stored in microseconds: to them, what is stored within one
    millisecond happened at the same time.

    Raises:
        InvalidArgument: TIME_INVALID for a time that no calendar has.
    """
    starts, ends = [], []
    for field, _ in message.ListFields():
        moment = times.read(message, field.name)
        if moment is None:
            continue
        start = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
        after = start + _MILLISECOND if start < _LAST_MILLISECOND else start
        match field.name:
            case "eq":
                starts.append(start)
                ends.append(after)
            case "gt":
                starts.append(after)
            case "gte":
                starts.append(start)
            case "lt":
                ends.append(start)
            case "lte":
                ends.append(after)
    if starts:
        yield "from", max(starts)
    if ends:
        yield "before", min(ends)
