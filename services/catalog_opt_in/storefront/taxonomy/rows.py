"""Rows of what products are found by, as shoppers read them in their language."""

from collections.abc import Mapping
from typing import Any

from services.catalog_opt_in.folding import sort_key
from services.catalog_opt_in.storefront.rules import ShownCategory, ShownCollection, ShownTerm
from services.catalog_opt_in.storefront.texts import texts_in

Row = Mapping[str, Any]


def shown_collection(row: Row) -> ShownCollection:
    texts = texts_in(row["texts"])
    return ShownCollection(**_others(row) | _titles(row, texts.get("title")))


def shown_category(row: Row) -> ShownCategory:
    texts = texts_in(row["texts"])
    description = texts.get("description", row["description"])
    return ShownCategory(
        **_others(row) | _titles(row, texts.get("name")) | {"description": description}
    )


def shown_term(row: Row) -> ShownTerm:
    value = texts_in(row["texts"]).get("value", row["value"])
    return ShownTerm(**_others(row) | {"value": value, "values": frozenset((value, row["value"]))})


def _titles(row: Row, translated: str | None) -> dict[str, Any]:
    title = translated or row["title"]
    key = sort_key(title) if translated else row["title_key"]
    return {
        "title": title,
        "title_key": key,
        "titles": frozenset((title, row["title"])),
        "search": "\n".join((key, row["title_key"], row["handle"])),
    }


def _others(row: Row) -> dict[str, Any]:
    """Returns the columns that are shown as they are, and some that are replaced."""
    return {name: value for name, value in row.items() if name not in ("version", "texts")}
