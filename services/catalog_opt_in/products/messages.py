"""Converts products from and to messages."""

from datetime import datetime

from souk.catalog_opt_in.v1 import product_pb2

from services.catalog_opt_in.messages import CATEGORY, COLLECTION, handle_of, id_in, time_of
from services.catalog_opt_in.products.rules import (
    Image,
    Option,
    Price,
    Product,
    Value,
    Variant,
    problems,
)
from services.catalog_opt_in.violations import Violations
from services.kernel.data.updates import etag
from services.values import money

_STATUS = "STATUS_"
_DRAFT = product_pb2.Product.STATUS_DRAFT


def to_message(product: Product) -> product_pb2.Product:
    """Returns a stored product as a message."""
    return product_pb2.Product(
        name=f"products/{product.product_id}",
        title=product.title,
        subtitle=product.subtitle,
        description=product.description,
        handle=product.handle,
        status=product_pb2.Product.Status.Value(_STATUS + product.status),
        thumbnail=product.thumbnail,
        images=[product_pb2.Image(id=i.image_id, url=i.url) for i in product.images],
        options=[_option_message(option) for option in product.options],
        variants=[_variant_message(variant) for variant in product.variants],
        collection=f"collections/{product.collection_id}" if product.collection_id else "",
        categories=[f"categories/{category}" for category in product.category_ids],
        tags=product.tags,
        type=product.type or "",
        etag=etag(product.version),
        create_time=time_of(product.created_at),
        update_time=time_of(product.updated_at),
    )


def _option_message(option: Option) -> product_pb2.Option:
    values = [product_pb2.OptionValue(id=v.value_id, value=v.value) for v in option.values]
    return product_pb2.Option(id=option.option_id, title=option.title, values=values)


def _variant_message(variant: Variant) -> product_pb2.Variant:
    return product_pb2.Variant(
        id=variant.variant_id,
        title=variant.title,
        sku=variant.sku,
        barcode=variant.barcode,
        weight_grams=variant.weight_grams,
        options=variant.choices,
        prices=[money.money(price.amount_minor, price.currency) for price in variant.prices],
    )


def from_message(
    requested: product_pb2.Product, stored: Product | None, *, product_id: str, now: datetime
) -> Product:
    """Reads a requested product; `stored` is its current state, if it exists.

    Raises:
        InvalidArgument: with a violation for each field that is wrong.
    """
    violations = Violations()
    product = Product(
        product_id=product_id,
        title=requested.title,
        subtitle=requested.subtitle,
        description=requested.description,
        handle=handle_of(requested.handle, requested.title, violations, is_new=stored is None),
        status=_status(requested.status or (0 if stored else _DRAFT), violations),
        thumbnail=requested.thumbnail,
        images=tuple(Image(image_id=image.id, url=image.url) for image in requested.images),
        options=tuple(_option(option) for option in requested.options),
        variants=tuple(
            _variant(variant, f"variants[{place}]", violations)
            for place, variant in enumerate(requested.variants)
        ),
        collection_id=id_in(requested.collection, COLLECTION, violations, field="collection"),
        category_ids=tuple(
            id_in(name, CATEGORY, violations, field=f"categories[{place}]") or ""
            for place, name in enumerate(requested.categories)
        ),
        tags=tuple(requested.tags),
        type=requested.type or None,
        version=stored.version + 1 if stored else 1,
        created_at=stored.created_at if stored else now,
        updated_at=now,
    )
    violations.extend(problems(product, stored))
    violations.refuse()
    return product


def with_choices_renamed(
    wanted: product_pb2.Product, stored: product_pb2.Product
) -> product_pb2.Product:
    """Returns `wanted` with unchanged choices of variants under the new titles of their options."""
    old_titles = {option.id: option.title for option in stored.options}
    new_titles = {old_titles[o.id]: o.title for o in wanted.options if o.id in old_titles}
    old_choices = {variant.id: dict(variant.options) for variant in stored.variants}
    result = product_pb2.Product()
    result.CopyFrom(wanted)
    for variant in result.variants:
        choices = dict(variant.options)
        if choices == old_choices.get(variant.id):
            variant.options.clear()
            variant.options.update({new_titles.get(t, t): value for t, value in choices.items()})
    return result


def _status(requested: int, violations: Violations) -> str:
    if requested not in product_pb2.Product.Status.values()[1:]:
        violations.add("status", "must be DRAFT, PROPOSED, PUBLISHED or REJECTED")
        return ""
    name = product_pb2.Product.Status.Name(product_pb2.Product.Status.ValueType(requested))
    return name.removeprefix(_STATUS)


def _option(option: product_pb2.Option) -> Option:
    values = tuple(Value(value=value.value) for value in option.values)
    return Option(option_id=option.id, title=option.title, values=values)


def _variant(variant: product_pb2.Variant, field: str, violations: Violations) -> Variant:
    return Variant(
        variant_id=variant.id,
        title=variant.title,
        sku=variant.sku,
        barcode=variant.barcode,
        weight_grams=variant.weight_grams,
        choices=dict(variant.options),
        prices=tuple(
            Price(
                currency=price.currency_code,
                amount_minor=violations.price(price, f"{field}.prices[{place}]"),
            )
            for place, price in enumerate(variant.prices)
        ),
    )
