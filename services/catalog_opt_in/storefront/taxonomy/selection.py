"""Which of the collections, categories, tags and types that a tenant shows are asked for."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from souk.catalog_opt_in.v1 import storefront_service_pb2 as pb

from services.catalog_opt_in.folding import fold, search_words
from services.catalog_opt_in.storefront.rules import ShownCategory, ShownCollection, ShownTerm
from services.kernel.call import times

Order = Callable[[Any], Any]
S = TypeVar("S", ShownCollection, ShownCategory)
PlacesRequest = pb.ListStoreCollectionsRequest | pb.ListStoreCategoriesRequest
TermsRequest = pb.ListStoreTagsRequest | pb.ListStoreTypesRequest

COLLECTION_ORDERS: dict[str, Order] = {
    "id": lambda item: item.id,
    "created_at": lambda item: (item.created_at, item.id),
    "updated_at": lambda item: (item.updated_at, item.id),
    "title": lambda item: (item.title_key, item.id),
    "handle": lambda item: item.handle,
}
CATEGORY_ORDERS: dict[str, Order] = {
    "rank": lambda item: (item.depth, item.rank, item.id),
    **COLLECTION_ORDERS,
}
TERM_ORDERS: dict[str, Order] = {
    "id": lambda item: item.id,
    "value": lambda item: (fold(item.value), item.id),
}


def places(items: Iterable[S], request: PlacesRequest) -> list[S]:
    """Filters collections or categories by what both have; what is empty does not filter.

    Raises:
        InvalidArgument: TIME_INVALID for a time that no calendar has.
    """
    conditions = list(_conditions(request))
    return [item for item in items if all(holds(item) for holds in conditions)]


def below(
    items: Sequence[ShownCategory], request: pb.ListStoreCategoriesRequest
) -> Sequence[ShownCategory]:
    """Filters by parent category; `null` means those at the top, none means all."""
    parents = {request.parent_category_id, *request.more_parent_category_ids} - {""}
    return [item for item in items if (item.parent_id or "null") in parents] if parents else items


def terms(items: Iterable[ShownTerm], request: TermsRequest) -> list[ShownTerm]:
    """Filters by ids, values and words in the value; what is empty does not filter."""
    words = search_words(request.query).split()
    return [
        item
        for item in items
        if (not request.ids or item.id in request.ids)
        and (not request.values or not item.values.isdisjoint(request.values))
        and all(any(word in fold(value) for value in item.values) for word in words)
    ]


def _conditions(request: PlacesRequest) -> Iterator[Callable[[Any], bool]]:
    ids, handles, titles = set(request.ids), set(request.handles), set(request.titles)
    words = search_words(request.query).split()
    created = dict(times.bounds(request.created_at))
    updated = dict(times.bounds(request.updated_at))
    if ids:
        yield lambda item: item.id in ids
    if handles:
        yield lambda item: item.handle in handles
    if titles:
        yield lambda item: not titles.isdisjoint(item.titles)
    if words:
        yield lambda item: all(word in item.search for word in words)
    if "from" in created:
        yield lambda item: created["from"] <= item.created_at
    if "before" in created:
        yield lambda item: item.created_at < created["before"]
    if "from" in updated:
        yield lambda item: updated["from"] <= item.updated_at
    if "before" in updated:
        yield lambda item: item.updated_at < updated["before"]
