"""Reads which products are asked for into the form that the database's functions take.

That is a list of conditions which must all hold. Each is a list of filters, one of which must.
"""

from collections.abc import Iterable

import orjson
from souk.catalog_opt_in.v1 import storefront_service_pb2 as pb

from services.catalog_opt_in.folding import sort_key
from services.kernel.call import times
from services.kernel.call.errors import invalid

Filter = dict[str, list[str] | str | int | bool]

_LISTS = ("ids", "handles", "titles", "collection_ids", "category_ids", "tag_ids", "type_ids")
_OF_REQUEST = ("ids", "handles", "collection_ids", "category_ids", "tag_ids", "type_ids")
_CODES = {"skus": "sku", "eans": "ean", "upcs": "upc", "barcodes": "barcode"}


def conditions(request: pb.ListStoreProductsRequest) -> str | None:
    """Reads the conditions of a request as JSON; None if there are none.

    Raises:
        InvalidArgument: TIME_INVALID for a time that no calendar has, FIELD_INVALID for a value of
            an option without the option.
    """
    own: Filter = {**_lists(request, _OF_REQUEST)}
    if request.HasField("is_giftcard"):
        own["is_giftcard"] = request.is_giftcard
    found = [[own]]
    found += [[_filter(choice) for choice in condition.filters] for condition in request.conditions]
    # Whatever passes an empty filter passes the condition.
    found = [filters for filters in found if filters and all(filters)]
    return orjson.dumps(found).decode() if found else None


def _filter(message: pb.StoreProductFilter) -> Filter:
    found: Filter = {**_lists(message, _LISTS)}
    if message.titles:
        found["title_keys"] = [sort_key(title) for title in message.titles]
    for column in ("created", "updated"):
        for name, moment in times.bounds(getattr(message, f"{column}_at")):
            found[f"{column}_{name}"] = moment.isoformat()
    if message.HasField("least_price_minor"):
        found["least_price"] = message.least_price_minor
    if message.HasField("most_price_minor"):
        found["most_price"] = message.most_price_minor
    return found | _variant(message.variant)


def _variant(message: pb.StoreVariantFilter) -> Filter:
    found = {column: list(getattr(message, name)) for name, column in _CODES.items()}
    found["option_value_ids"] = sorted(set(message.option_value_ids))
    if message.option_value:
        if not message.option_id:
            raise invalid("FIELD_INVALID", {"option_id": "must come with option_value"})
        found["option"] = [message.option_id, message.option_value]
    of_variant: Filter = {name: values for name, values in found.items() if values}
    if message.option_id and not message.option_value:
        of_variant["option_id"] = message.option_id
    return of_variant


def _lists(
    message: pb.ListStoreProductsRequest | pb.StoreProductFilter, names: Iterable[str]
) -> dict[str, list[str]]:
    return {name: list(values) for name in names if (values := getattr(message, name))}
