"""The currencies in which products can be sold, with names and symbols."""

import json
from dataclasses import dataclass
from pathlib import Path

from fastapi import Request, Response
from pydantic import BaseModel, Field

from gateway.documents.scalars import LowerCode
from gateway.identity.scopes import CurrentScope
from gateway.medusa import responses
from gateway.medusa.filters import Many, One, Text
from gateway.medusa.query import Query
from gateway.medusa.resource import Envelope, Resource
from gateway.medusa.router import Router
from gateway.medusa.shapes import Document
from services.kernel.call.errors import NotFound
from services.kernel.call.limits import MOST_ROWS
from services.values.money import CURRENCIES


@dataclass(frozen=True, slots=True)
class Currency:
    """A currency of ISO 4217; the names and symbols are those of Unicode's CLDR."""

    code: str
    name: str
    symbol: str
    symbol_native: str
    decimal_digits: int
    rounding: int = 0


class CurrencyDocument(Document[Currency]):
    """A currency in which products can be sold."""

    code: LowerCode = Field(examples=["tnd"])
    name: str = Field(description="In English.", examples=["Tunisian Dinar"])
    symbol: str = Field(description="As it is written in English.", examples=["TND"])
    symbol_native: str = Field(description="As it is written where it is used.")
    decimal_digits: int = Field(description="The digits after the decimal point.", examples=[3])
    rounding: int = Field(description="Always 0: prices are never rounded.")


# CLDR's English name, symbol, and symbol in the likeliest language of the currency's country, as
# Babel 2.19 has them. Babel itself would cost each gateway 26 MB and half a second at its start.
_TEXTS = json.loads(Path(__file__).with_name("currencies.json").read_text(encoding="utf-8"))
_BY_CODE = {
    code.lower(): Currency(code, name, symbol, symbol_native, CURRENCIES[code])
    for code, (name, symbol, symbol_native) in sorted(_TEXTS.items())
}

CURRENCIES_OF_ALL = Resource(
    "currency",
    "currencies",
    CurrencyDocument,
    Query(
        filters={"q": Text(100), "code": Many(MOST_ROWS, of=One(10))},
        order=("code", "name"),
        limit=MOST_ROWS,
    ),
)

router = Router(prefix="/admin/currencies", tags=["Tenants"], responses=responses.ADMIN_ERRORS)


class CurrencyAnswer(BaseModel):
    currency: CurrencyDocument


class CurrenciesAnswer(Envelope):
    currencies: list[CurrencyDocument]


@router.get(
    "",
    summary="List currencies",
    responses=responses.documented(CurrenciesAnswer, "A page of currencies, by code."),
    openapi_extra=CURRENCIES_OF_ALL.documented_list,
)
async def list_currencies(request: Request, _: CurrentScope) -> Response:
    """Lists the currencies in which products can be sold; `q` searches codes and names."""
    query = CURRENCIES_OF_ALL.list_query(request)
    text, codes = query.one("q").casefold(), {code.lower() for code in query.many("code")}
    found = [
        currency
        for code, currency in _BY_CODE.items()
        if (not codes or code in codes) and text in f"{code}\n{currency.name.casefold()}"
    ]
    name = query.order.removeprefix("-") or "code"
    found.sort(key=lambda one: getattr(one, name), reverse=query.order.startswith("-"))
    currencies = found[query.offset : query.offset + query.limit]
    return CURRENCIES_OF_ALL.page(query, currencies, count=len(found))


@router.get(
    "/{code}",
    summary="Get a currency",
    responses=responses.documented(CurrencyAnswer, "The currency."),
    openapi_extra=CURRENCIES_OF_ALL.documented_one,
)
async def get_currency(request: Request, _: CurrentScope, code: str) -> Response:
    """Returns one currency by its code."""
    query = CURRENCIES_OF_ALL.one_query(request)
    currency = _BY_CODE.get(code.lower())
    if currency is None:
        raise NotFound("CURRENCY_NOT_FOUND", f"No such currency: {code[:100]}")
    return CURRENCIES_OF_ALL.one(query, currency)
