"""What is stored of products to search them by."""

from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import Select, cast, delete, insert, select
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from services.catalog_opt_in.models import ProductWords, Spelling
from services.catalog_opt_in.offer_document import Offer
from services.catalog_opt_in.search.queries import Search
from services.catalog_opt_in.search.words import is_corrected, spellings, stem, words
from services.kernel.data.arrays import among

_FARTHEST = 16_383
"""The last place in a text that PostgreSQL tells from others."""


async def index(session: AsyncSession, offers: Sequence[Offer]) -> None:
    """Stores the words of products that were published anew."""
    await session.execute(
        delete(ProductWords).where(among(ProductWords.product_id, [o["id"] for o in offers]))
    )
    texts = {offer["id"]: list(_texts(offer)) for offer in offers}
    rows = [
        {"product_id": id_, "title": _vector(of_product[:1]), "words": _vector(of_product)}
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


def _texts(offer: Offer) -> Iterator[tuple[str, str]]:
    """Yields the texts of a product with their weights, the title first."""
    collection, kind = offer["collection"], offer["type"]
    yield "A", offer["title"]
    for term in (*offer["tags"], *([kind] if kind else ())):
        yield "B", term["value"]
    if collection:
        yield "B", collection["title"]
    for variant in offer["variants"]:
        for code in (variant["sku"] or "", variant["barcode"], variant["ean"], variant["upc"]):
            yield "B", code
    yield "C", offer["subtitle"]
    yield "C", offer["handle"]
    yield "D", offer["description"]
    for texts in offer["texts"].values():
        for of_one in texts.values():
            for field, text in of_one.items():
                yield "D" if field == "description" else "B", text


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
