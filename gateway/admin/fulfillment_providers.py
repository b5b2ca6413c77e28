"""Medusa's fulfillment providers: who ships."""

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
class FulfillmentProvider:
    id: str
    is_enabled: bool = True


class FulfillmentProviderDocument(Document[FulfillmentProvider]):
    """Who ships; there is one, the tenant's own people."""

    id: str = Field(examples=["manual_manual"])
    is_enabled: bool


PROVIDERS = Resource(
    "fulfillment_provider", "fulfillment_providers", FulfillmentProviderDocument, Query(limit=20)
)
FULFILLMENT_PROVIDERS = [FulfillmentProvider("manual_manual")]

router = Router(
    prefix="/admin/fulfillment-providers", tags=["Tenants"], responses=responses.ADMIN_ERRORS
)


class FulfillmentProvidersAnswer(Envelope):
    fulfillment_providers: list[FulfillmentProviderDocument]


@router.get(
    "",
    summary="List fulfillment providers",
    responses=responses.documented(FulfillmentProvidersAnswer, "The only one."),
    openapi_extra=PROVIDERS.documented_list,
)
async def list_fulfillment_providers(request: Request, _: CurrentScope) -> Response:
    """Lists who ships: `manual_manual`, the tenant's own people."""
    query = PROVIDERS.list_query(request)
    return PROVIDERS.page(
        query, FULFILLMENT_PROVIDERS[query.offset :], count=len(FULFILLMENT_PROVIDERS)
    )
