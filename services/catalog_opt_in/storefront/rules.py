"""Documents of what products are found by."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson

from services.values.store_documents import (
    CategoryAbove,
    CategoryBelow,
    CategoryInTree,
    CategoryNode,
    CategoryOverTree,
    ProductRef,
    StoreCollection,
    StoreTag,
)
from services.values.times import timestamp


@dataclass(frozen=True, slots=True)
class ShownCollection:
    """A collection with products that the tenant shows.

    The title is in the shopper's language; `titles` are that and the head office's, and
    `search` is what both are searched by.
    """

    id: str
    title: str
    title_key: str
    titles: frozenset[str]
    search: str
    handle: str
    created_at: datetime
    updated_at: datetime
    metadata: str | None


@dataclass(frozen=True, slots=True)
class ShownCategory:
    """A category with products, in it or below it, that the tenant shows; otherwise as above."""

    id: str
    title: str
    title_key: str
    titles: frozenset[str]
    search: str
    handle: str
    description: str
    parent_id: str | None
    rank: int
    depth: int
    created_at: datetime
    updated_at: datetime
    metadata: str | None


@dataclass(frozen=True, slots=True)
class ShownTerm:
    """A tag or a type of products that the tenant shows.

    The value is in the shopper's language; `values` are that and the head office's.
    """

    id: str
    value: str
    values: frozenset[str]
    created_at: datetime
    updated_at: datetime
    metadata: str | None


@dataclass(frozen=True, slots=True)
class ShownProduct:
    """A product that the tenant shows, where a collection or a category mentions it."""

    id: str
    title: str
    handle: str
    thumbnail: str
    collection_id: str | None
    type_id: str | None
    created_at: datetime
    updated_at: datetime


Products = Mapping[str, Sequence[ShownProduct]]
"""What is shown of the products of collections or categories, by their id."""


def term_document(item: ShownTerm) -> StoreTag:
    return {
        "id": item.id,
        "value": item.value,
        "metadata": orjson.loads(item.metadata) if item.metadata else None,
        "created_at": timestamp(item.created_at),
        "updated_at": timestamp(item.updated_at),
    }


def collection_document(item: ShownCollection) -> StoreCollection:
    return {
        "id": item.id,
        "title": item.title,
        "handle": item.handle,
        "metadata": orjson.loads(item.metadata) if item.metadata else None,
        "created_at": timestamp(item.created_at),
        "updated_at": timestamp(item.updated_at),
    }


class Tree:
    """The categories that a tenant shows, and what is around each."""

    def __init__(self, items: Iterable[ShownCategory]) -> None:
        self._by_id = {item.id: item for item in items}
        self._below: defaultdict[str | None, list[ShownCategory]] = defaultdict(list)
        for item in sorted(self._by_id.values(), key=lambda item: (item.rank, item.id)):
            self._below[item.parent_id].append(item)

    def document(self, item: ShownCategory) -> CategoryInTree:
        """Renders a category with its ancestors and its children."""
        children = [_category(child) for child in self._below[item.id]]
        return {**self._with_parents(item), "category_children": children}

    def document_of_all_below(self, item: ShownCategory) -> CategoryOverTree:
        """Renders a category with its ancestors and all its descendants."""
        return {**self._with_parents(item), "category_children": self._children(item)}

    def count_below(self, items: Iterable[ShownCategory]) -> int:
        """Counts the descendants of categories, each as often as documents show it."""
        return sum(
            1 + self.count_below([child]) for item in items for child in self._below[item.id]
        )

    def _children(self, item: ShownCategory) -> list[CategoryBelow]:
        return [
            {**_category(child), "category_children": self._children(child)}
            for child in self._below[item.id]
        ]

    def _with_parents(self, item: ShownCategory) -> CategoryAbove:
        parent = self._by_id.get(item.parent_id or "")
        above = self._with_parents(parent) if parent else None
        return {**_category(item), "parent_category": above}


def _category(item: ShownCategory) -> CategoryNode:
    return {
        "id": item.id,
        "name": item.title,
        "handle": item.handle,
        "description": item.description,
        "rank": item.rank,
        "parent_category_id": item.parent_id,
        "metadata": orjson.loads(item.metadata) if item.metadata else None,
        "created_at": timestamp(item.created_at),
        "updated_at": timestamp(item.updated_at),
    }


def with_products(
    documents: Iterable[Mapping[str, object]], products: Products
) -> list[Mapping[str, object]]:
    """Adds to collections or categories what is shown of their products."""
    return [
        {**document, "products": [_product(item) for item in products.get(str(document["id"]), ())]}
        for document in documents
    ]


def _product(item: ShownProduct) -> ProductRef:
    return {
        "id": item.id,
        "title": item.title,
        "handle": item.handle,
        "thumbnail": item.thumbnail or None,
        "collection_id": item.collection_id,
        "type_id": item.type_id,
        "created_at": timestamp(item.created_at),
        "updated_at": timestamp(item.updated_at),
    }
