"""What is stored of products to search them by."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Select, cast, delete, insert, select
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from services.catalog_opt_in.models import ProductWords, Spelling
from services.catalog_opt_in.offer_document import Offer
from services.catalog_opt_in.search.queries import Search
from services.catalog_opt_in.search.words import is_corrected, spellings, stem, words
from services.catalog_opt_in.translations.queries import Texts
from services.kernel.data.arrays import among

_FARTHEST = 16_383
"""The last place in a text that PostgreSQL tells from others."""


async def index(
    session: AsyncSession, offers: Sequence[Offer], translated: Mapping[str, Texts]
) -> None:
    """Stores the words of products, and of what is translated of them."""
    await session.execute(
        delete(ProductWords).where(among(ProductWords.product_id, [o["id"] for o in offers]))
    )
    texts = {offer["id"]: list(searched_texts(offer, translated[offer["id"]])) for offer in offers}
    rows = [
        {
            "product_id": id_,
            "title": _vector(one for one in of_product if one[0] == "A"),
            "words": _vector(of_product),
        }
        for id_, of_product in texts.items()
    ]
    await session.execute(insert(ProductWords), rows)
    await _learn(session, (text for of_product in texts.values() for _, text in of_product))


async def known_words(session: AsyncSession, of: Sequence[str]) -> list[str]:
    """Returns the words of products that have one of these spellings."""
    found = await session.scalars(
        select(Spelling.word).where(among(Spelling.spelling, of)).distinct()
    )
    return list(found)


def found_by(search: Search) -> Select[str]:
    """Selects the ids of the products that a search means."""
    matching = ProductWords.words.op("@@")(cast(search.begun, TSQUERY))
    return select(ProductWords.product_id).where(matching)


class _Searched(NamedTuple):
    """A text that a product is found by, and by which id and field its translations are."""

    weight: str
    text: str
    id: str = ""
    field: str = ""


def _searched(offer: Offer) -> Iterator[_Searched]:
    collection, kind = offer["collection"], offer["type"]
    yield _Searched("A", offer["title"], offer["id"], "title")
    for term in (*offer["tags"], *([kind] if kind else ())):
        yield _Searched("B", term["value"], term["id"], "value")
    if collection:
        yield _Searched("B", collection["title"], collection["id"], "title")
    for category in offer["categories"]:
        yield _Searched("B", category["title"], category["id"], "name")
    for variant in offer["variants"]:
        for code in (variant["sku"] or "", variant["barcode"], variant["ean"], variant["upc"]):
            yield _Searched("B", code)
        yield _Searched("C", variant["title"], variant["id"], "title")
    for option in offer["options"]:
        for value in option["values"]:
            yield _Searched("C", value["value"], value["id"], "value")
    yield _Searched("C", offer["subtitle"], offer["id"], "subtitle")
    yield _Searched("C", offer["handle"])
    yield _Searched("D", offer["description"], offer["id"], "description")


def searched_texts(offer: Offer, translated: Texts) -> Iterator[tuple[str, str]]:
    """Yields the texts of a product in all languages with their weights."""
    for one in _searched(offer):
        yield one.weight, one.text
        for texts in translated.values():
            if text := texts.get(one.id, {}).get(one.field):
                yield one.weight, text


def _vector(texts: Iterable[tuple[str, str]]) -> str:
    """Writes texts as a tsvector: each stem where it first stands in a text of each weight."""
    places: dict[str, dict[str, int]] = {}
    place = 0
    for weight, text in texts:
        for word in words(text):
            place = min(place + 1, _FARTHEST)
            places.setdefault(stem(word), {}).setdefault(weight, place)
    return " ".join(
        f"'{word}':" + ",".join(f"{place}{weight}" for weight, place in of_word.items())
        for word, of_word in places.items()
    )


async def _learn(session: AsyncSession, texts: Iterable[str]) -> None:
    """Keeps the words of texts, so that slips in them can be corrected. None is ever forgotten."""
    spelt = {word for text in texts for word in words(text) if is_corrected(word)}
    known = await session.scalars(
        select(Spelling.word).where(
            among(Spelling.spelling, spelt), Spelling.word == Spelling.spelling
        )
    )
    rows = [
        {"spelling": spelling, "word": word}
        for word in sorted(spelt.difference(known))
        for spelling in sorted(spellings(word))
    ]
    if rows:
        await session.execute(upsert(Spelling).on_conflict_do_nothing(), rows)
