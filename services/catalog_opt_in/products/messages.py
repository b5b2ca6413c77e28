"""Converts products from and to messages."""

from datetime import datetime

from souk.catalog_opt_in.v1 import product_pb2

from services.catalog_opt_in.messages import (
    CATEGORY,
    COLLECTION,
    handle_of,
    id_in,
    set_metadata,
)
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
from services.catalog_opt_in.products.parts import with_only_choices, with_titles
from services.catalog_opt_in.products.resolved import Related, ResolvedProduct
from services.catalog_opt_in.products.rules import problems
from services.catalog_opt_in.taxonomy.messages import (
    category_message,
    collection_message,
    tag_message,
    type_message,
)
from services.catalog_opt_in.violations import Violations
from services.kernel.call.limits import most_characters
from services.kernel.call.times import message_of
from services.kernel.data.updates import etag
from services.values import money
from services.values.structs import metadata_of

_STATUS = "STATUS_"
_DRAFT = product_pb2.Product.STATUS_DRAFT


def to_message(product: ResolvedProduct) -> product_pb2.Product:
    """Returns a stored product as a message."""
    message = product_pb2.Product(
        name=f"products/{product.product_id}",
        **plain_fields(product),
        handle=product.handle,
        status=product_pb2.Product.Status.Value(_STATUS + product.status),
        images=[_image_message(image) for image in product.images],
        options=[_option_message(option) for option in product.options],
        variants=[_variant_message(variant) for variant in product.variants],
        collection=f"collections/{product.collection_id}" if product.collection_id else "",
        categories=[f"categories/{category}" for category in product.category_ids],
        tags=product.tags,
        type=product.type or "",
        etag=etag(product.version),
        create_time=message_of(product.created_at),
        update_time=message_of(product.updated_at),
        delete_time=message_of(product.deleted_at) if product.deleted_at else None,
    )
    set_metadata(message, product.metadata)
    _add_related(message, product.related)
    return message


def _add_related(message: product_pb2.Product, related: Related) -> None:
    message.tag_details.extend(tag_message(tag) for tag in related.tags)
    message.category_details.extend(category_message(row) for row in related.categories)
    if related.type:
        message.type_detail.CopyFrom(type_message(related.type))
    if related.collection:
        message.collection_detail.CopyFrom(collection_message(related.collection))


def _image_message(image: Image) -> product_pb2.Image:
    message = product_pb2.Image(id=image.image_id, url=image.url)
    set_metadata(message, image.metadata)
    return message


def _option_message(option: Option) -> product_pb2.Option:
    values = [product_pb2.OptionValue(id=v.value_id, value=v.value) for v in option.values]
    return product_pb2.Option(id=option.option_id, title=option.title, values=values)


def _variant_message(variant: Variant) -> product_pb2.Variant:
    message = product_pb2.Variant(
        id=variant.variant_id,
        **variant_fields(variant),
        sku=variant.sku,
        options=variant.choices,
        prices=[money.money(price.amount_minor, price.currency) for price in variant.prices],
        conditional_prices=[
            product_pb2.ConditionalPrice(
                id=price.price_id,
                amount=money.money(price.amount_minor, price.currency),
                min_quantity=price.min_quantity,
                max_quantity=price.max_quantity,
                rules=price.rules,
            )
            for price in variant.conditional_prices
        ],
        inventory_items=[
            product_pb2.InventoryItem(
                inventory_item_id=item.inventory_item_id, required_quantity=item.required_quantity
            )
            for item in variant.inventory_items
        ],
    )
    set_metadata(message, variant.metadata)
    return message


def from_message(
    requested: product_pb2.Product, stored: Product | None, *, product_id: str, now: datetime
) -> Product:
    """Reads a requested product; `stored` is its current state, if it exists.

    Raises:
        InvalidArgument: with a violation for each field that is wrong.
    """
    violations = Violations()
    plain = plain_fields(requested)
    # Whoever gives a card away would give money away.
    if plain["is_giftcard"]:
        plain["discountable"] = False
    elif not requested.HasField("discountable"):
        plain["discountable"] = True
    product = Product(
        product_id=product_id,
        **plain,
        metadata=metadata_of(requested),
        handle=handle_of(requested.handle, requested.title, violations, is_new=stored is None),
        status=status(requested.status or (0 if stored else _DRAFT), violations),
        images=tuple(
            Image(image_id=image.id, url=image.url, metadata=metadata_of(image))
            for image in requested.images
        ),
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
    product = with_only_choices(product)
    violations.extend(problems(product, stored))
    violations.refuse()
    return with_titles(product, most_characters(product_pb2.Variant, "title"))


def with_choices_renamed(
    requested: product_pb2.Product, stored: product_pb2.Product
) -> product_pb2.Product:
    """Renames the unchanged choices of variants after the new titles of their options."""
    old_titles = {option.id: option.title for option in stored.options}
    new_titles = {old_titles[o.id]: o.title for o in requested.options if o.id in old_titles}
    old_choices = {variant.id: dict(variant.options) for variant in stored.variants}
    result = product_pb2.Product()
    result.CopyFrom(requested)
    for variant in result.variants:
        choices = dict(variant.options)
        if choices == old_choices.get(variant.id):
            variant.options.clear()
            variant.options.update({new_titles.get(t, t): value for t, value in choices.items()})
    return result


def status(requested: int, violations: Violations) -> str:
    if requested not in product_pb2.Product.Status.values()[1:]:
        violations.add("status", "must be DRAFT, PROPOSED, PUBLISHED or REJECTED")
        return ""
    name = product_pb2.Product.Status.Name(product_pb2.Product.Status.ValueType(requested))
    return name.removeprefix(_STATUS)


def _option(option: product_pb2.Option) -> Option:
    values = tuple(Value(value=value.value) for value in option.values)
    return Option(option_id=option.id, title=option.title, values=values)


def _variant(variant: product_pb2.Variant, field: str, violations: Violations) -> Variant:
    plain = variant_fields(variant)
    plain["manage_inventory"] = variant.manage_inventory or not variant.HasField("manage_inventory")
    return Variant(
        variant_id=variant.id,
        **plain,
        sku=variant.sku,
        metadata=metadata_of(variant),
        choices=dict(variant.options),
        rank=variant.rank if variant.HasField("rank") else None,
        prices=tuple(
            Price(
                currency=price.currency_code,
                amount_minor=violations.price(price, f"{field}.prices[{place}]"),
            )
            for place, price in enumerate(variant.prices)
        ),
        conditional_prices=tuple(
            ConditionalPrice(
                price_id=price.id,
                currency=price.amount.currency_code,
                amount_minor=violations.price(
                    price.amount, f"{field}.conditional_prices[{place}].amount"
                ),
                min_quantity=price.min_quantity,
                max_quantity=price.max_quantity,
                rules=dict(price.rules),
            )
            for place, price in enumerate(variant.conditional_prices)
        ),
        inventory_items=tuple(
            InventoryItem(
                inventory_item_id=item.inventory_item_id,
                required_quantity=item.required_quantity or 1,
            )
            for item in variant.inventory_items
        ),
    )
