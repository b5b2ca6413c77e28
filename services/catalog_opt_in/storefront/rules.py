"""Documents of collections and categories, and the selection that a shopper requested for."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from services.catalog_opt_in.texts import timestamp
from services.values.store_documents import (
    CategoryAbove,
    CategoryNode,
    StoreCategory,
    StoreCollection,
)


@dataclass(frozen=True, slots=True)
class ShownCollection:
    """A collection with products that the tenant shows."""

    id: str
    title: str
    title_key: str
    handle: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class ShownCategory:
    """A category with products, in it or below it, that the tenant shows."""

    id: str
    title: str
    title_key: str
    handle: str
    description: str
    parent_id: str | None
    rank: int
    depth: int
    created_at: datetime
    updated_at: datetime


S = TypeVar("S", ShownCollection, ShownCategory)
Order = Callable[[Any], Any]

COLLECTION_ORDERS: dict[str, Order] = {
    "created_at": lambda one: (one.created_at, one.id),
    "title": lambda one: (one.title_key, one.id),
    "handle": lambda one: one.handle,
}
CATEGORY_ORDERS: dict[str, Order] = {
    "rank": lambda one: (one.depth, one.rank, one.id),
    **COLLECTION_ORDERS,
}


def chosen(shown: Iterable[S], *, ids: Collection[str], handles: Collection[str]) -> list[S]:
    """Filters by ids and handles; an empty list does not filter."""
    return [
        one
        for one in shown
        if (not ids or one.id in ids) and (not handles or one.handle in handles)
    ]


def under(shown: Iterable[ShownCategory], parent: str) -> list[ShownCategory]:
    """Filters by parent category; `null` means those at the top, empty means all."""
    if not parent:
        return list(shown)
    wanted = None if parent == "null" else parent
    return [one for one in shown if one.parent_id == wanted]


def collection_document(one: ShownCollection) -> StoreCollection:
    return {
        "id": one.id,
        "title": one.title,
        "handle": one.handle,
        "metadata": None,
        "created_at": timestamp(one.created_at),
        "updated_at": timestamp(one.updated_at),
    }


def children(shown: Iterable[ShownCategory]) -> dict[str | None, list[ShownCategory]]:
    """Groups categories by parent, each group sorted by rank."""
    groups: dict[str | None, list[ShownCategory]] = {}
    for one in sorted(shown, key=CATEGORY_ORDERS["rank"]):
        groups.setdefault(one.parent_id, []).append(one)
    return groups


def category_document(
    one: ShownCategory,
    *,
    by_id: Mapping[str, ShownCategory],
    groups: Mapping[str | None, Sequence[ShownCategory]],
) -> StoreCategory:
    """Renders a category with its ancestors and its visible children."""
    return {
        **_category(one),
        "parent_category": _parents(one, by_id),
        "category_children": [_category(child) for child in groups.get(one.id, ())],
    }


def _category(one: ShownCategory) -> CategoryNode:
    return {
        "id": one.id,
        "name": one.title,
        "handle": one.handle,
        "description": one.description,
        "rank": one.rank,
        "parent_category_id": one.parent_id,
        "metadata": None,
        "created_at": timestamp(one.created_at),
        "updated_at": timestamp(one.updated_at),
    }


def _parents(one: ShownCategory, by_id: Mapping[str, ShownCategory]) -> CategoryAbove | None:
    parent = by_id.get(one.parent_id or "")
    if parent is None:
        return None
    return {**_category(parent), "parent_category": _parents(parent, by_id)}
