"""The product model, its validation, and how its parts keep their ids."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from services.catalog_opt_in.texts import problem, url_problem

MOST = {"images": 50, "options": 5, "variants": 200, "categories": 50, "tags": 50}
MOST_VALUES = 100
TITLE_LENGTH = 200

Problems = Iterator[tuple[str, str]]
"""Fields, and what is wrong with them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    image_id: str = ""
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    value_id: str = ""
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    option_id: str = ""
    title: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """A price in minor units of one currency."""

    currency: str
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """`choices` maps option titles to values."""

    variant_id: str = ""
    title: str = ""
    sku: str = ""
    barcode: str = ""
    weight_grams: int = 0
    choices: dict[str, str]
    prices: tuple[Price, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A whole product of the master catalogue."""

    product_id: str
    title: str
    subtitle: str = ""
    description: str = ""
    handle: str
    status: str
    thumbnail: str = ""
    images: tuple[Image, ...] = ()
    options: tuple[Option, ...] = ()
    variants: tuple[Variant, ...] = ()
    collection_id: str | None = None
    category_ids: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    type: str | None = None
    version: int
    created_at: datetime
    updated_at: datetime


def problems(product: Product, stored: Product | None) -> Problems:
    """Finds what is wrong with a requested product; `stored` is its current state."""
    yield from _text("title", product.title, least=1, most=TITLE_LENGTH)
    yield from _text("subtitle", product.subtitle, most=200)
    yield from _text("description", product.description, most=20_000, lines=True)
    yield from _text("type", product.type or "", most=50)
    if product.thumbnail:
        yield from _url("thumbnail", product.thumbnail)
    yield from _counts(product)
    for place, image in enumerate(product.images):
        yield from _url(f"images[{place}].url", image.url)
    yield from _repeats("categories", product.category_ids)
    yield from _repeats("tags", product.tags)
    for place, tag in enumerate(product.tags):
        yield from _text(f"tags[{place}]", tag, least=1, most=50)
    yield from _options(product.options)
    yield from _variants(product)
    yield from _ids("images", [i.image_id for i in product.images], _image_ids(stored))
    yield from _ids("options", [o.option_id for o in product.options], _option_ids(stored))
    yield from _ids("variants", [v.variant_id for v in product.variants], _variant_ids(stored))


def _image_ids(product: Product | None) -> set[str]:
    return {image.image_id for image in product.images} if product else set()


def _option_ids(product: Product | None) -> set[str]:
    return {option.option_id for option in product.options} if product else set()


def _variant_ids(product: Product | None) -> set[str]:
    return {variant.variant_id for variant in product.variants} if product else set()


def _ids(field: str, given: list[str], known: set[str]) -> Problems:
    """Finds ids that no stored part has, and ids given twice; an empty one means a new part."""
    repeated = set(_repeated(given))
    for place, part_id in enumerate(given):
        if part_id and part_id not in known:
            yield f"{field}[{place}].id", f"must be one of the product's {field}, or left out"
        elif part_id and place in repeated:
            yield f"{field}[{place}].id", "must not be repeated"


def _counts(product: Product) -> Problems:
    for field, most in MOST.items():
        parts = product.category_ids if field == "categories" else getattr(product, field)
        if len(parts) > most:
            yield field, f"must have at most {most} entries"


def _options(options: tuple[Option, ...]) -> Problems:
    yield from _repeats("options", [option.title for option in options])
    for place, option in enumerate(options):
        field = f"options[{place}]"
        yield from _text(f"{field}.title", option.title, least=1, most=50)
        if not 1 <= len(option.values) <= MOST_VALUES:
            yield f"{field}.values", f"must have 1 to {MOST_VALUES} entries"
        yield from _repeats(f"{field}.values", [value.value for value in option.values])
        for index, value in enumerate(option.values):
            yield from _text(f"{field}.values[{index}].value", value.value, least=1, most=100)


def _variants(product: Product) -> Problems:
    skus = [variant.sku for variant in product.variants]
    for place in _repeated(skus):
        if skus[place]:
            yield f"variants[{place}].sku", "must not be repeated"
    choices = [tuple(sorted(variant.choices.items())) for variant in product.variants]
    for place in _repeated(choices):
        yield f"variants[{place}].options", "must differ from the choices of other variants"
    for place, variant in enumerate(product.variants):
        yield from _variant(f"variants[{place}]", variant, product.options)


def _variant(field: str, variant: Variant, options: tuple[Option, ...]) -> Problems:
    yield from _text(f"{field}.title", variant.title, most=TITLE_LENGTH)
    yield from _text(f"{field}.sku", variant.sku, most=64)
    yield from _text(f"{field}.barcode", variant.barcode, most=32)
    if variant.sku != variant.sku.strip():
        yield f"{field}.sku", "must not begin or end with a space"
    if variant.weight_grams < 0:
        yield f"{field}.weight_grams", "must not be negative"
    yield from _choices(f"{field}.options", variant.choices, options)
    for place in _repeated([price.currency for price in variant.prices]):
        yield (
            f"{field}.prices[{place}].currency_code",
            "must not be repeated: it already has a price",
        )


def _choices(field: str, choices: dict[str, str], options: tuple[Option, ...]) -> Problems:
    if choices.keys() != {option.title for option in options}:
        yield field, "must choose a value for each of the product's options, and no others"
        return
    for option in options:
        if choices[option.title] not in {value.value for value in option.values}:
            yield f"{field}.{option.title}", "must be a value of the option"


def _text(field: str, text: str, *, least: int = 0, most: int, lines: bool = False) -> Problems:
    if (found := problem(text, least=least, most=most, lines=lines)) is not None:
        yield field, found


def _url(field: str, url: str) -> Problems:
    if (found := url_problem(url)) is not None:
        yield field, found


def _repeats(field: str, values: Iterable[str]) -> Problems:
    for place in _repeated(values):
        yield f"{field}[{place}]", "must not be repeated"


def _repeated(values: Iterable[object]) -> list[int]:
    """Returns the places of repeated values."""
    seen: set[object] = set()
    places = []
    for place, value in enumerate(values):
        if value in seen:
            places.append(place)
        seen.add(value)
    return places


def with_ids(wanted: Product, stored: Product | None, new_id: Callable[[str], str]) -> Product:
    """Assigns each part its id: its own, that of an equal part in `stored`, or a new one.

    Equal are images of the same URL, options of the same title, and their values of the same text.
    """
    return replace(
        wanted,
        images=tuple(_images_with_ids(wanted, stored, new_id)),
        options=tuple(_options_with_ids(wanted, stored, new_id)),
        variants=tuple(
            replace(
                variant,
                variant_id=variant.variant_id or new_id("variant"),
                title=variant.title or _title_of(variant, wanted),
            )
            for variant in wanted.variants
        ),
    )


def _images_with_ids(
    wanted: Product, stored: Product | None, new_id: Callable[[str], str]
) -> Iterator[Image]:
    free = _image_ids(stored) - _image_ids(wanted)
    by_url = {i.url: i.image_id for i in stored.images if i.image_id in free} if stored else {}
    for image in wanted.images:
        yield replace(image, image_id=image.image_id or by_url.pop(image.url, "") or new_id("img"))


def _options_with_ids(
    wanted: Product, stored: Product | None, new_id: Callable[[str], str]
) -> Iterator[Option]:
    by_id = {option.option_id: option for option in stored.options} if stored else {}
    free = _option_ids(stored) - _option_ids(wanted)
    by_title = {option.title: option for id_, option in by_id.items() if id_ in free}
    for option in wanted.options:
        same = by_id.get(option.option_id) or by_title.get(option.title)
        yield _option_with_ids(option, same, new_id)


def _option_with_ids(option: Option, stored: Option | None, new_id: Callable[[str], str]) -> Option:
    known = {value.value: value.value_id for value in stored.values} if stored else {}
    return replace(
        option,
        option_id=stored.option_id if stored else new_id("opt"),
        values=tuple(
            replace(value, value_id=known.get(value.value) or new_id("optval"))
            for value in option.values
        ),
    )


def _title_of(variant: Variant, product: Product) -> str:
    chosen = " / ".join(variant.choices[option.title] for option in product.options)
    return (chosen or product.title)[:TITLE_LENGTH]
