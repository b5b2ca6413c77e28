"""Builds the offer of a product, which listings are made from."""

from services.catalog_opt_in.offer_document import FORMAT, Offer, OfferedVariant, Term
from services.catalog_opt_in.products.model import Product, Variant, plain_fields, variant_fields
from services.catalog_opt_in.products.resolved import ResolvedProduct
from services.catalog_opt_in.taxonomy.queries import CategoryTree, category_ref, collection_ref
from services.values.times import timestamp


def offer_of(product: ResolvedProduct, tree: CategoryTree) -> Offer:
    related = product.related
    collection, kind = related.collection, related.type
    return {
        "format": FORMAT,
        "id": product.product_id,
        **plain_fields(product),
        "handle": product.handle,
        "status": product.status,
        "images": [
            {"id": image.image_id, "url": image.url, "metadata": image.metadata}
            for image in product.images
        ],
        "collection": collection_ref(collection) if collection else None,
        "type": {"id": kind.type_id, "value": kind.value} if kind else None,
        "tags": [{"id": tag.tag_id, "value": tag.value} for tag in related.tags],
        "categories": [
            category_ref(row, tree.parents)
            for row in related.categories
            if row.category_id not in tree.hidden
        ],
        "options": [
            {
                "id": option.option_id,
                "title": option.title,
                "values": [Term(id=v.value_id, value=v.value) for v in option.values],
            }
            for option in product.options
        ],
        "variants": [_variant(product, variant) for variant in product.variants],
        "metadata": product.metadata,
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
        **variant_fields(variant),
        "sku": variant.sku or None,
        "metadata": variant.metadata,
        "choices": dict(values[choice] for choice in variant.choices.items()),
        "prices": {price.currency: price.amount_minor for price in variant.prices},
        "conditional_prices": [
            {
                "currency": price.currency,
                "amount_minor": price.amount_minor,
                "min_quantity": price.min_quantity,
                "max_quantity": price.max_quantity,
                "rules": price.rules,
            }
            for price in variant.conditional_prices
        ],
        "inventory_items": [
            {
                "inventory_item_id": item.inventory_item_id,
                "required_quantity": item.required_quantity,
            }
            for item in variant.inventory_items
        ],
    }
