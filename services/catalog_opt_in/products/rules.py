"""Checks of a requested product."""

from collections.abc import Iterable, Iterator

from services.catalog_opt_in.products.model import (
    ConditionalPrice,
    Goods,
    Option,
    Product,
    Variant,
)
from services.catalog_opt_in.texts import problem, url_problem

MOST_RULES = 10
LONGEST_RULE = 100

Problems = Iterator[tuple[str, str]]
"""Fields, and what is wrong with them."""


def problems(product: Product, stored: Product | None) -> Problems:
    """Finds what is wrong with a requested product; `stored` is its current state.

    What a product may hold at most is declared in the contract, and checked before.
    """
    yield from _text("title", product.title, required=True)
    yield from _text("subtitle", product.subtitle)
    yield from _text("description", product.description, lines=True)
    yield from _text("type", product.type or "")
    yield from _text("external_id", product.external_id)
    yield from _text("shipping_profile_id", product.shipping_profile_id)
    yield from _goods("", product)
    yield from _not_negative("weight", product.weight)
    # One that it has already stays, whatever was allowed when it was added.
    stored_urls = {stored.thumbnail, *(i.url for i in stored.images)} if stored else set()
    if product.thumbnail and product.thumbnail not in stored_urls:
        yield from _url("thumbnail", product.thumbnail)
    for index, image in enumerate(product.images):
        if image.url not in stored_urls:
            yield from _url(f"images[{index}].url", image.url)
    yield from _repeats("categories", product.category_ids)
    yield from _repeats("tags", product.tags)
    for index, tag in enumerate(product.tags):
        yield from _text(f"tags[{index}]", tag, required=True)
    yield from _options(product.options)
    yield from _variants(product)
    yield from _ids("images", [i.image_id for i in product.images], image_ids(stored))
    yield from _ids("options", [o.option_id for o in product.options], option_ids(stored))
    yield from _ids("variants", [v.variant_id for v in product.variants], variant_ids(stored))


def image_ids(product: Product | None) -> set[str]:
    return {image.image_id for image in product.images} if product else set()


def option_ids(product: Product | None) -> set[str]:
    return {option.option_id for option in product.options} if product else set()


def variant_ids(product: Product | None) -> set[str]:
    return {variant.variant_id for variant in product.variants} if product else set()


def _ids(field: str, ids: list[str], stored_ids: set[str]) -> Problems:
    """Finds ids that no stored part has, and ids given twice; an empty one means a new part."""
    repeated = set(_repeated(ids))
    for index, part_id in enumerate(ids):
        if part_id and part_id not in stored_ids:
            yield f"{field}[{index}].id", f"must be one of the product's {field}, or left out"
        elif part_id and index in repeated:
            yield f"{field}[{index}].id", "must not be repeated"


def _options(options: tuple[Option, ...]) -> Problems:
    for index in _repeated(option.title for option in options):
        yield f"options[{index}].title", "must not be repeated"
    for index, option in enumerate(options):
        field = f"options[{index}]"
        yield from _text(f"{field}.title", option.title, required=True)
        if not option.values:
            yield f"{field}.values", "must have at least one entry"
        yield from _repeats(f"{field}.values", [value.value for value in option.values])
        for index, value in enumerate(option.values):
            yield from _text(f"{field}.values[{index}].value", value.value, required=True)


def _variants(product: Product) -> Problems:
    skus = [variant.sku for variant in product.variants]
    for index in _repeated(skus):
        if skus[index]:
            yield f"variants[{index}].sku", "must not be repeated"
    titles = {option.title for option in product.options}
    choices = [
        tuple(sorted(variant.choices.items())) if variant.choices.keys() == titles else index
        for index, variant in enumerate(product.variants)
    ]
    for index in _repeated(choices) if titles else ():
        yield f"variants[{index}].options", "must differ from the choices of other variants"
    for index, variant in enumerate(product.variants):
        yield from _variant(f"variants[{index}]", variant, product.options)


def _variant(field: str, variant: Variant, options: tuple[Option, ...]) -> Problems:
    for name in ("title", "sku", "barcode", "ean", "upc"):
        yield from _text(f"{field}.{name}", getattr(variant, name))
    if variant.sku != variant.sku.strip():
        yield f"{field}.sku", "must not begin or end with a space"
    yield from _not_negative(f"{field}.weight_grams", variant.weight_grams)
    yield from _goods(f"{field}.", variant)
    yield from _not_negative(f"{field}.rank", variant.rank or 0)
    yield from _choices(f"{field}.options", variant.choices, options)
    for index in _repeated([price.currency for price in variant.prices]):
        yield (
            f"{field}.prices[{index}].currency_code",
            "must not be repeated: it already has a price",
        )
    for index, price in enumerate(variant.conditional_prices):
        yield from _conditional_price(f"{field}.conditional_prices[{index}]", price)
    items = [item.inventory_item_id for item in variant.inventory_items]
    yield from _repeats(f"{field}.inventory_items", items)
    for index, item in enumerate(variant.inventory_items):
        at = f"{field}.inventory_items[{index}]"
        yield from _text(f"{at}.inventory_item_id", item.inventory_item_id, required=True)
        yield from _not_negative(f"{at}.required_quantity", item.required_quantity)


def _conditional_price(field: str, price: ConditionalPrice) -> Problems:
    yield from _not_negative(f"{field}.min_quantity", price.min_quantity)
    yield from _not_negative(f"{field}.max_quantity", price.max_quantity)
    if 0 < price.max_quantity < price.min_quantity:
        yield f"{field}.max_quantity", "must not be less than min_quantity"
    if len(price.rules) > MOST_RULES:
        yield f"{field}.rules", f"must have at most {MOST_RULES} entries"
    for attribute, value in price.rules.items():
        for text in (attribute, value):
            yield from _text(f"{field}.rules", text, required=True)
            if len(text) > LONGEST_RULE:
                yield f"{field}.rules", f"must have at most {LONGEST_RULE} characters"
    if not (price.rules or price.min_quantity or price.max_quantity):
        yield field, "must have a quantity or a rule"


def _goods(prefix: str, goods: Goods) -> Problems:
    for name in ("length", "width", "height"):
        yield from _not_negative(f"{prefix}{name}", getattr(goods, name))
    for name in ("hs_code", "mid_code", "origin_country", "material"):
        yield from _text(f"{prefix}{name}", getattr(goods, name))


def _not_negative(field: str, number: int) -> Problems:
    if number < 0:
        yield field, "must not be negative"


def _choices(field: str, choices: dict[str, str], options: tuple[Option, ...]) -> Problems:
    values = {option.title: {value.value for value in option.values} for option in options}
    for title, chosen in choices.items():
        if title not in values:
            yield f"{field}.{title}", "must be an option of the product"
        elif chosen not in values[title]:
            yield f"{field}.{title}", "must be a value of the option"


def _text(field: str, text: str, *, required: bool = False, lines: bool = False) -> Problems:
    if (violation := problem(text, required=required, lines=lines)) is not None:
        yield field, violation


def _url(field: str, url: str) -> Problems:
    if (violation := url_problem(url)) is not None:
        yield field, violation


def _repeats(field: str, values: Iterable[str]) -> Problems:
    for index in _repeated(values):
        yield f"{field}[{index}]", "must not be repeated"


def _repeated(values: Iterable[object]) -> list[int]:
    """Returns the places of repeated values."""
    seen: set[object] = set()
    places = []
    for index, value in enumerate(values):
        if value in seen:
            places.append(index)
        seen.add(value)
    return places
