"""Builds the offer of a product, which listings are made from."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.catalog_opt_in.offer_document import FORMAT, Offer, OfferedVariant, Shelf, Term
from services.catalog_opt_in.products.rules import Product, Variant
from services.catalog_opt_in.texts import timestamp


@dataclass(frozen=True, slots=True)
class References:
    """The targets of references: shelves by id, tags and types by value."""

    collections: Mapping[str, Shelf]
    categories: Mapping[str, Shelf]
    tags: Mapping[str, str]
    types: Mapping[str, str]


def offer_of(product: Product, references: References) -> Offer:
    """Builds the offer of a product; everything it refers to must be in `references`."""
    collection, kind = product.collection_id, product.type
    return {
        "format": FORMAT,
        "id": product.product_id,
        "title": product.title,
        "subtitle": product.subtitle,
        "description": product.description,
        "handle": product.handle,
        "status": product.status,
        "thumbnail": product.thumbnail,
        "images": [{"id": image.image_id, "url": image.url} for image in product.images],
        "collection": references.collections[collection] if collection else None,
        "type": {"id": references.types[kind], "value": kind} if kind else None,
        "tags": [{"id": references.tags[value], "value": value} for value in product.tags],
        "categories": [references.categories[id_] for id_ in product.category_ids],
        "options": [
            {
                "id": option.option_id,
                "title": option.title,
                "values": [Term(id=v.value_id, value=v.value) for v in option.values],
            }
            for option in product.options
        ],
        "variants": [_variant(product, variant) for variant in product.variants],
        "created_at": timestamp(product.created_at),
    }


def _variant(product: Product, variant: Variant) -> OfferedVariant:
    values = {
        (option.title, value.value): (option.option_id, value.value_id)
        for option in product.options
        for value in option.values
    }
    return {
        "id": variant.variant_id,
        "title": variant.title,
        "sku": variant.sku or None,
        "barcode": variant.barcode,
        "weight_grams": variant.weight_grams,
        "choices": dict(values[choice] for choice in variant.choices.items()),
        "prices": {price.currency: price.amount_minor for price in variant.prices},
    }
