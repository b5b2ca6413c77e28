"""Converts products from and to rows."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from services.catalog_opt_in import models
from services.catalog_opt_in.folding import search_text, sort_key
from services.catalog_opt_in.products.model import (
    ConditionalPrice,
    Image,
    InventoryItem,
    Option,
    Price,
    Product,
    Value,
    Variant,
    plain_fields,
    variant_fields,
)
from services.catalog_opt_in.products.resolved import Related, ResolvedProduct


def to_product(row: models.Product) -> ResolvedProduct:
    """Reads a row whose parts are loaded."""
    titles = {option.option_id: option.title for option in row.options}
    values = {v.value_id: v.value for option in row.options for v in option.values}
    return ResolvedProduct(
        product_id=row.product_id,
        **plain_fields(row),
        metadata=row.extra,
        handle=row.handle,
        status=row.status,
        images=tuple(
            Image(image_id=image.image_id, url=image.url, metadata=image.extra)
            for image in row.images
        ),
        options=tuple(_option(option) for option in row.options),
        variants=tuple(_variant(variant, titles, values) for variant in row.variants),
        collection_id=row.collection_id,
        category_ids=tuple(category.category_id for category in row.categories),
        tags=tuple(tag.value for tag in row.tags),
        type=row.type.value if row.type else None,
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
        deleted_at=row.deleted_at,
        related=Related(
            collection=row.collection,
            categories=tuple(link.category for link in row.categories),
            tags=tuple(row.tags),
            type=row.type,
        ),
    )


def _option(row: models.ProductOption) -> Option:
    values = tuple(Value(value_id=value.value_id, value=value.value) for value in row.values)
    return Option(option_id=row.option_id, title=row.title, values=values)


def _variant(row: models.Variant, titles: dict[str, str], values: dict[str, str]) -> Variant:
    return Variant(
        variant_id=row.variant_id,
        **variant_fields(row),
        sku=row.sku or "",
        metadata=row.extra,
        choices={titles[choice.option_id]: values[choice.value_id] for choice in row.choices},
        prices=tuple(Price(currency=p.currency, amount_minor=p.amount_minor) for p in row.prices),
        conditional_prices=tuple(ConditionalPrice(**price) for price in row.conditional_prices),
        inventory_items=tuple(InventoryItem(**item) for item in row.inventory_items),
    )


def columns(product: ResolvedProduct) -> dict[str, Any]:
    """Returns the columns of a product besides its key."""
    return {
        **plain_fields(product),
        "extra": product.metadata,
        "handle": product.handle,
        "status": product.status,
        **folded(product),
        "collection_id": product.collection_id,
        "type_id": product.related.type.type_id if product.related.type else None,
        "version": product.version,
        "created_at": product.created_at,
        "updated_at": product.updated_at,
    }


def folded(product: Product) -> dict[str, str]:
    """Returns the columns that are made of a product's texts."""
    return {
        "title_key": sort_key(product.title),
        "search": search_text(product.title, product.subtitle, product.handle),
    }


def part_rows(product: ResolvedProduct) -> Iterable[tuple[type[models.Base], list[dict[str, Any]]]]:
    """Yields the rows of each kind of part, after those that it refers to."""
    yield (
        models.ProductImage,
        _numbered(
            {"image_id": i.image_id, "url": i.url, "extra": i.metadata} for i in product.images
        ),
    )
    yield models.ProductCategory, _numbered({"category_id": id_} for id_ in product.category_ids)
    yield models.ProductTag, _numbered({"tag_id": tag.tag_id} for tag in product.related.tags)
    yield (
        models.ProductOption,
        _numbered(
            {"option_id": option.option_id, "title": option.title} for option in product.options
        ),
    )
    for option in product.options:
        yield (
            models.OptionValue,
            _numbered(
                {"option_id": option.option_id, "value_id": v.value_id, "value": v.value}
                for v in option.values
            ),
        )
    yield models.Variant, _numbered(_variant_row(variant) for variant in product.variants)
    yield models.VariantChoice, list(_choice_rows(product))
    yield (
        models.VariantPrice,
        [
            {"variant_id": v.variant_id, "currency": p.currency, "amount_minor": p.amount_minor}
            for v in product.variants
            for p in v.prices
        ],
    )


def _numbered(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**row, "place": place} for place, row in enumerate(rows)]


def _variant_row(variant: Variant) -> dict[str, Any]:
    return {
        "variant_id": variant.variant_id,
        **variant_fields(variant),
        "sku": variant.sku or None,
        "extra": variant.metadata,
        "conditional_prices": [asdict(price) for price in variant.conditional_prices],
        "inventory_items": [asdict(item) for item in variant.inventory_items],
    }


def _choice_rows(product: Product) -> Iterable[dict[str, Any]]:
    options = {option.title: option for option in product.options}
    for variant in product.variants:
        for title, chosen in variant.choices.items():
            option = options[title]
            value_id = next(v.value_id for v in option.values if v.value == chosen)
            yield {
                "variant_id": variant.variant_id,
                "option_id": option.option_id,
                "value_id": value_id,
            }
