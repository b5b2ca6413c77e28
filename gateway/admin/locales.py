"""The locales that tenants can support, and products be translated into."""

from fastapi import Request, Response
from pydantic import BaseModel

from gateway.documents.locale import LOCALES, LocaleDocument
from gateway.identity.scopes import CurrentScope
from gateway.medusa import responses
from gateway.medusa.filters import Many, One, Text
from gateway.medusa.query import Query
from gateway.medusa.resource import Envelope, Resource
from gateway.medusa.router import Router
from services.kernel.call.errors import NotFound
from services.kernel.call.limits import MOST_ROWS

LOCALES_OF_ALL = Resource(
    "locale",
    "locales",
    LocaleDocument,
    Query(
        filters={"q": Text(100), "code": Many(MOST_ROWS, of=One(35))},
        order=("code", "name"),
        limit=MOST_ROWS,
    ),
)

router = Router(prefix="/admin/locales", tags=["Tenants"], responses=responses.ADMIN_ERRORS)


class LocaleAnswer(BaseModel):
    locale: LocaleDocument


class LocalesAnswer(Envelope):
    locales: list[LocaleDocument]


@router.get(
    "",
    summary="List locales",
    responses=responses.documented(LocalesAnswer, "A page of locales, by code."),
    openapi_extra=LOCALES_OF_ALL.documented_list,
)
async def list_locales(request: Request, _: CurrentScope) -> Response:
    """Lists the locales that Unicode's CLDR has a name for; `q` searches codes and names."""
    query = LOCALES_OF_ALL.list_query(request)
    text, codes = query.one("q").casefold(), {code.lower() for code in query.many("code")}
    found = [
        locale
        for code, locale in LOCALES.items()
        if (not codes or code.lower() in codes) and text in f"{code}\n{locale.name}".casefold()
    ]
    name = query.order.removeprefix("-") or "code"
    found.sort(key=lambda one: getattr(one, name), reverse=query.order.startswith("-"))
    locales = found[query.offset : query.offset + query.limit]
    return LOCALES_OF_ALL.page(query, locales, count=len(found))


@router.get(
    "/{code}",
    summary="Get a locale",
    responses=responses.documented(LocaleAnswer, "The locale."),
    openapi_extra=LOCALES_OF_ALL.documented_one,
)
async def get_locale(request: Request, _: CurrentScope, code: str) -> Response:
    """Returns one locale by its code."""
    query = LOCALES_OF_ALL.one_query(request)
    locale = LOCALES.get(code)
    if locale is None:
        raise NotFound("LOCALE_NOT_FOUND", f"No such locale: {code[:100]}")
    return LOCALES_OF_ALL.one(query, locale)
