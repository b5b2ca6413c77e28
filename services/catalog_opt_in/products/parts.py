"""How the parts of a product keep their ids, and what is filled in where they leave it open."""

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import replace

from services.catalog_opt_in.products.model import (
    ConditionalPrice,
    Image,
    Option,
    Product,
    Variant,
)
from services.catalog_opt_in.products.rules import image_ids, option_ids
from services.values.ranks import placed


def with_ids(requested: Product, stored: Product | None, new_id: Callable[[str], str]) -> Product:
    """Assigns each part its id: its own, that of an equal part in `stored`, or a new one.

    Equal are images of the same URL, options of the same title, their values of the same text, and
    prices of the same currency, quantities and rules. An id of no stored price is not taken.
    """
    return replace(
        requested,
        images=tuple(_images_with_ids(requested, stored, new_id)),
        options=tuple(_options_with_ids(requested, stored, new_id)),
        variants=tuple(_variants_with_ids(requested, stored, new_id)),
    )


def _variants_with_ids(
    requested: Product, stored: Product | None, new_id: Callable[[str], str]
) -> Iterator[Variant]:
    by_id = {variant.variant_id: variant for variant in stored.variants} if stored else {}
    for variant in requested.variants:
        match = by_id.get(variant.variant_id)
        yield replace(
            variant,
            variant_id=variant.variant_id or new_id("variant"),
            conditional_prices=tuple(
                _prices_with_ids(
                    variant.conditional_prices, match.conditional_prices if match else (), new_id
                )
            ),
        )


def _prices_with_ids(
    requested: Iterable[ConditionalPrice],
    stored: Iterable[ConditionalPrice],
    new_id: Callable[[str], str],
) -> Iterator[ConditionalPrice]:
    prices = list(requested)
    unclaimed = {price.price_id: _conditions(price) for price in stored}
    claimed = {price.price_id for price in prices} & unclaimed.keys()
    by_conditions = {key: id_ for id_, key in unclaimed.items() if id_ not in claimed}
    for price in prices:
        own = price.price_id if price.price_id in claimed else ""
        claimed.discard(own)
        yield replace(
            price,
            price_id=own or by_conditions.pop(_conditions(price), "") or new_id("price"),
        )


def _conditions(price: ConditionalPrice) -> Hashable:
    rules = tuple(sorted(price.rules.items()))
    return price.currency, price.min_quantity, price.max_quantity, rules


def _images_with_ids(
    requested: Product, stored: Product | None, new_id: Callable[[str], str]
) -> Iterator[Image]:
    unclaimed = image_ids(stored) - image_ids(requested)
    by_url = {i.url: i.image_id for i in stored.images if i.image_id in unclaimed} if stored else {}
    for image in requested.images:
        yield replace(image, image_id=image.image_id or by_url.pop(image.url, "") or new_id("img"))


def _options_with_ids(
    requested: Product, stored: Product | None, new_id: Callable[[str], str]
) -> Iterator[Option]:
    by_id = {option.option_id: option for option in stored.options} if stored else {}
    unclaimed = option_ids(stored) - option_ids(requested)
    by_title = {option.title: option for id_, option in by_id.items() if id_ in unclaimed}
    for option in requested.options:
        match = by_id.get(option.option_id) or by_title.get(option.title)
        yield _option_with_ids(option, match, new_id)


def _option_with_ids(option: Option, stored: Option | None, new_id: Callable[[str], str]) -> Option:
    ids_by_value = {value.value: value.value_id for value in stored.values} if stored else {}
    return replace(
        option,
        option_id=stored.option_id if stored else new_id("opt"),
        values=tuple(
            replace(value, value_id=ids_by_value.get(value.value) or new_id("optval"))
            for value in option.values
        ),
    )


def with_only_choices(product: Product) -> Product:
    """Chooses the only value of options that a variant leaves open, unless another has these."""
    only = {o.title: o.values[0].value for o in product.options if len(o.values) == 1}
    given = [variant.choices for variant in product.variants]
    variants = list(product.variants)
    for place, variant in enumerate(variants):
        choices = {**only, **variant.choices}
        if choices not in given:
            variants[place] = replace(variant, choices=choices)
            given.append(choices)
    return replace(product, variants=tuple(variants))


def in_order(product: Product) -> Product:
    """Puts each variant that asks for a rank in that place."""
    variants = placed((replace(one, rank=None), one.rank) for one in product.variants)
    return replace(product, variants=tuple(variants))


def with_titles(product: Product, longest: int) -> Product:
    """Titles each variant that has no title after its choices, cut to the longest allowed."""
    titled = (
        replace(variant, title=variant.title or _title_of(variant, product)[:longest])
        for variant in product.variants
    )
    return replace(product, variants=tuple(titled))


def _title_of(variant: Variant, product: Product) -> str:
    choices = [variant.choices.get(option.title, "") for option in product.options]
    chosen = " / ".join(filter(None, choices))
    return chosen or product.title
