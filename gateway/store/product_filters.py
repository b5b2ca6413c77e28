"""The filters of `/store/products`, and the messages that they become."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from souk.catalog_opt_in.v1.storefront_service_pb2 import (
    ListStoreProductsRequest,
    StoreProductCondition,
    StoreProductFilter,
    StoreVariantFilter,
)
from souk.kernel.v1.times_pb2 import TimeRange

from gateway.medusa.filters import AMOUNT_OPERATORS, Filter, Many, One, amounts, times
from gateway.medusa.query import ParsedQuery
from services.kernel.call.errors import invalid
from services.kernel.call.limits import most_entries
from services.values.money import digits

_OF_PRODUCT = {
    "id": "ids",
    "handle": "handles",
    "title": "titles",
    "collection_id": "collection_ids",
    "category_id": "category_ids",
    "tag_id": "tag_ids",
    "type_id": "type_ids",
}
_OF_VARIANT = {
    "option_value_id": "option_value_ids",
    "variants.sku": "skus",
    "variants.ean": "eans",
    "variants.upc": "upcs",
    "variants.barcode": "barcodes",
}
_HAVE_COMMAS = ("skus", "barcodes")
_OPTION, _VALUE = "variants.options.option_id", "variants.options.value"
# What instances of the version before know, too.
_OF_REQUEST = ("id", "handle", "collection_id", "category_id", "tag_id", "type_id")

FILTERS: Mapping[str, Filter] = {
    **{
        name: Many(most_entries(StoreProductFilter, field), have_commas=name == "title")
        for name, field in _OF_PRODUCT.items()
    },
    **{
        name: Many(most_entries(StoreVariantFilter, field), have_commas=field in _HAVE_COMMAS)
        for name, field in _OF_VARIANT.items()
    },
    _OPTION: One(),
    _VALUE: One(),
    **times("created_at", "updated_at"),
    **amounts("price"),
}


def request(
    query: ParsedQuery, *, parent: str, currency: str, prices_in: str, locales: Sequence[str]
) -> ListStoreProductsRequest:
    """Makes the question for a page of products, with prices in a currency.

    Filters by price are in the shop's own, `currency`, whichever the others are in.

    Raises:
        InvalidArgument: QUERY_INVALID, a price has more decimal places than the currency;
            FILTER_INCOMPLETE, a value without its option.
    """
    conditions = [
        [_filter(choice, currency, _OF_PRODUCT) for choice in condition]
        for condition in query.conditions
    ]
    others = [name for name in _OF_PRODUCT if name not in _OF_REQUEST]
    plain = _filter(query, currency, others)
    if plain != StoreProductFilter():
        conditions.append([plain])
    return ListStoreProductsRequest(
        parent=parent,
        locales=locales,
        currency_code=prices_in,
        page_size=query.limit,
        skip=query.offset,
        order_by=query.order,
        query=query.one("q"),
        is_giftcard=query.flag("is_giftcard"),
        conditions=[StoreProductCondition(filters=filters) for filters in conditions],
        **{_OF_PRODUCT[name]: query.many(name) for name in _OF_REQUEST},
    )


def _filter(query: ParsedQuery, currency: str, names: Iterable[str]) -> StoreProductFilter:
    """Makes a filter of those of the product's own lists, and of all others, in a query."""
    least, most = _prices(query, currency)
    found = StoreProductFilter(
        created_at=_if_set(query.time_range("created_at")),
        updated_at=_if_set(query.time_range("updated_at")),
        least_price_minor=least,
        most_price_minor=most,
    )
    for name in names:
        getattr(found, _OF_PRODUCT[name]).extend(query.many(name))
    option, value = query.one(_OPTION), query.one(_VALUE)
    if value and not option:
        raise invalid("FILTER_INCOMPLETE", {_OPTION: "is required with a value"})
    variant = StoreVariantFilter(option_id=option, option_value=value)
    for name, field in _OF_VARIANT.items():
        getattr(variant, field).extend(query.many(name))
    if variant.ListFields():
        found.variant.CopyFrom(variant)
    return found


def _if_set(bounds: TimeRange) -> TimeRange | None:
    return bounds if bounds.ListFields() else None


def _prices(query: ParsedQuery, currency: str) -> tuple[int | None, int | None]:
    """Returns the least and the most that the cheapest variant may cost, in minor units."""
    least, most = [], []
    for operator in ("", *AMOUNT_OPERATORS):
        key = f"price[${operator}]" if operator else "price"
        if not (text := query.one(key)):
            continue
        minor = _minor(text, currency, key)
        if operator in ("", "gte", "gt"):
            least.append(minor + (operator == "gt"))
        if operator in ("", "lte", "lt"):
            most.append(minor - (operator == "lt"))
    return max(least, default=None), min(most, default=None)


def _minor(text: str, currency: str, key: str) -> int:
    minor = Decimal(text).scaleb(digits(currency))
    if minor != int(minor):
        raise invalid(
            "QUERY_INVALID", {key: f"must have at most {digits(currency)} decimal places"}
        )
    return int(minor)
