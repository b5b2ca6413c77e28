"""Takes variants and options out of the documents of their products."""

import json
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

import orjson

from services.values.store_documents import Option, StoreOption, StoreVariant, Variant

Product = dict[str, Any]


def variants(ids: Sequence[str], documents: Sequence[bytes]) -> list[bytes]:
    """Renders variants, each from the document of its product."""
    return _parts(ids, documents, "variants", _variant)


def options(ids: Sequence[str], documents: Sequence[bytes]) -> list[bytes]:
    """Renders options, each from the document of its product."""
    return _parts(ids, documents, "options", _option)


def _parts(
    ids: Iterable[str],
    documents: Iterable[bytes],
    kind: str,
    render: Callable[[Any, Product], StoreVariant | StoreOption],
) -> list[bytes]:
    # Neighbours on a page are often of one product.
    parsed = lru_cache(maxsize=16)(_parse)
    rendered = []
    for id_, document in zip(ids, documents, strict=True):
        product = parsed(document)
        part = next((part for part in product[kind] if part["id"] == id_), None)
        if part is not None:
            rendered.append(orjson.dumps(render(part, product)))
    return rendered


def _parse(document: bytes) -> Product:
    """Parses a document so that its numbers keep every digit."""
    product: Product = json.loads(document, parse_float=orjson.Fragment)
    return product


def _variant(variant: Variant, product: Product) -> StoreVariant:
    return {
        **variant,
        "product": {
            "id": product["id"],
            "title": product["title"],
            "handle": product["handle"],
            "thumbnail": product["thumbnail"],
            "collection_id": product["collection_id"],
            "type_id": product["type_id"],
            "created_at": product["created_at"],
            "updated_at": product["updated_at"],
        },
    }


def _option(option: Option, product: Product) -> StoreOption:
    return {
        **option,
        "is_exclusive": True,
        "created_at": product["created_at"],
        "updated_at": product["updated_at"],
    }
