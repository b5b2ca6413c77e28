"""Medusa's tax providers: what computes taxes."""

from dataclasses import dataclass

from fastapi import Request, Response
from pydantic import Field

from gateway.identity.scopes import CurrentScope
from gateway.medusa import responses
from gateway.medusa.query import Query
from gateway.medusa.resource import Envelope, Resource
from gateway.medusa.router import Router
from gateway.medusa.shapes import Document


@dataclass(frozen=True, slots=True)
class TaxProvider:
    id: str
    is_enabled: bool = True


class TaxProviderDocument(Document[TaxProvider]):
    """What computes taxes; there is one, which goes by the tenant's own rates."""

    id: str = Field(examples=["tp_system"])
    is_enabled: bool


PROVIDERS = Resource("tax_provider", "tax_providers", TaxProviderDocument, Query(limit=20))
_ALL = [TaxProvider("tp_system")]

router = Router(prefix="/admin/tax-providers", tags=["Tenants"], responses=responses.ADMIN_ERRORS)


class TaxProvidersAnswer(Envelope):
    tax_providers: list[TaxProviderDocument]


@router.get(
    "",
    summary="List tax providers",
    responses=responses.documented(TaxProvidersAnswer, "The only one."),
    openapi_extra=PROVIDERS.documented_list,
)
async def list_tax_providers(request: Request, _: CurrentScope) -> Response:
    """Lists what computes taxes: `tp_system`, by the tenant's tax rates."""
    query = PROVIDERS.list_query(request)
    return PROVIDERS.page(query, _ALL[query.offset :], count=len(_ALL))
