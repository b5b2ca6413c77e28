"""`GET /store/locales`: the languages that a shop can be read in."""

import orjson
from fastapi import Request, Response
from pydantic import BaseModel

from gateway.documents.locale import LocaleDocument, locale
from gateway.medusa import responses
from gateway.medusa.query import Query
from gateway.medusa.resource import Envelope, PreparedResource
from gateway.medusa.router import Router
from gateway.store.shopper import Shop, no_such

LOCALES = PreparedResource("locale", "locales", LocaleDocument, Query())

router = Router(prefix="/store/locales", tags=["Store"], responses=responses.STORE_ERRORS)


class StoreLocaleAnswer(BaseModel):
    locale: LocaleDocument


class StoreLocalesAnswer(Envelope):
    locales: list[LocaleDocument]


@router.get(
    "",
    summary="List locales",
    responses=responses.documented(StoreLocalesAnswer, "A page of the shop's locales."),
    openapi_extra=LOCALES.documented_list,
)
async def list_locales(request: Request, shop: Shop) -> Response:
    """Lists the locales that the shop supports, in its own order."""
    query = LOCALES.list_query(request)
    found = shop.supported_locales[query.offset : query.offset + query.limit]
    documents = [orjson.dumps(LocaleDocument.to_json(locale(code))) for code in found]
    return LOCALES.page(query, documents, count=len(shop.supported_locales))


@router.get(
    "/{code}",
    summary="Get a locale",
    responses=responses.documented(StoreLocaleAnswer, "The locale."),
    openapi_extra=LOCALES.documented_one,
)
async def get_locale(code: str, request: Request, shop: Shop) -> Response:
    """Returns one locale; 404 if the shop does not support it."""
    query = LOCALES.one_query(request)
    if code not in shop.supported_locales:
        raise no_such("locale", code)
    return LOCALES.one(query, orjson.dumps(LocaleDocument.to_json(locale(code))))
