"""Medusa's tax regions: where the request's tenant charges taxes."""

from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import BaseModel
from souk.commerce.v1.tax_region_service_pb2 import (
    CreateTaxRegionRequest,
    DeleteTaxRegionRequest,
    GetTaxRegionRequest,
    ListTaxRegionsRequest,
    UpdateTaxRegionRequest,
)

from gateway.clients import ClientsOf
from gateway.documents.tax import TaxRegionCreate, TaxRegionDocument, TaxRegionUpdate
from gateway.identity.scopes import CurrentScope
from gateway.medusa import responses
from gateway.medusa.bodies import ExactRoute
from gateway.medusa.filters import Id, Many, Text
from gateway.medusa.headers import IdempotencyKey, IfMatch
from gateway.medusa.query import ParsedQuery, Query
from gateway.medusa.resource import Envelope, NoQueryOfWrites, Resource
from gateway.medusa.router import Router
from services.kernel.call.limits import most_characters, most_entries
from services.kernel.call.scope import Scope

TAX_REGIONS = Resource(
    "tax_region",
    "tax_regions",
    TaxRegionDocument,
    Query(
        filters={
            "q": Text(most_characters(ListTaxRegionsRequest, "query")),
            "id": Many(most_entries(ListTaxRegionsRequest, "tax_region_ids"), of=Id()),
            "country_code": Many(most_entries(ListTaxRegionsRequest, "country_codes")),
            "province_code": Many(most_entries(ListTaxRegionsRequest, "province_codes")),
            "parent_id": Id(),
        },
        order=("created_at", "updated_at", "id", "country_code", "province_code"),
        limit=20,
    ),
)
TaxRegionQuery = Annotated[ParsedQuery, Depends(TAX_REGIONS.query_of_answer)]

router = Router(
    prefix="/admin/tax-regions",
    tags=["Tenants"],
    responses=responses.ADMIN_ERRORS,
    dependencies=[NoQueryOfWrites],
    route_class=ExactRoute,
)


class TaxRegionAnswer(BaseModel):
    tax_region: TaxRegionDocument


class TaxRegionsAnswer(Envelope):
    tax_regions: list[TaxRegionDocument]


@router.get(
    "",
    summary="List tax regions",
    responses=responses.documented(TaxRegionsAnswer, "A page of tax regions."),
    openapi_extra=TAX_REGIONS.documented_list,
)
async def list_tax_regions(request: Request, scope: CurrentScope, clients: ClientsOf) -> Response:
    """Lists the tax regions of the request's tenant, oldest first."""
    query = TAX_REGIONS.list_query(request)
    parent = query.one("parent_id")
    found = await clients.tax_regions.ListTaxRegions(
        ListTaxRegionsRequest(
            parent=f"tenants/{scope.tenant}",
            page_size=query.limit,
            skip=query.offset,
            order_by=query.order,
            query=query.one("q"),
            tax_region_ids=query.many("id"),
            country_codes=query.many("country_code"),
            province_codes=query.many("province_code"),
            parent_id="" if parent == "null" else parent or None,
        )
    )
    return TAX_REGIONS.page(query, found.tax_regions, count=found.total_size)


@router.post(
    "",
    summary="Create a tax region",
    responses=responses.documented(TaxRegionAnswer, "The tax region."),
    openapi_extra=TAX_REGIONS.documented_one,
)
async def create_tax_region(
    scope: CurrentScope,
    query: TaxRegionQuery,
    clients: ClientsOf,
    key: IdempotencyKey,
    body: TaxRegionCreate,
) -> Response:
    """Creates a tax region of a country, or of a province in such a country."""
    default = body.default_tax_rate
    region = await clients.tax_regions.CreateTaxRegion(
        CreateTaxRegionRequest(
            parent=f"tenants/{scope.tenant}",
            tax_region=body.to_message(),
            default_tax_rate=default.to_message() if default else None,
            request_id=key,
        )
    )
    return TAX_REGIONS.one(query, region)


@router.get(
    "/{tax_region_id}",
    summary="Get a tax region",
    responses=responses.documented(TaxRegionAnswer, "The tax region."),
    openapi_extra=TAX_REGIONS.documented_one,
)
async def get_tax_region(
    tax_region_id: str, request: Request, scope: CurrentScope, clients: ClientsOf
) -> Response:
    """Returns one tax region of the request's tenant, with its rates."""
    query = TAX_REGIONS.one_query(request)
    region = await clients.tax_regions.GetTaxRegion(
        GetTaxRegionRequest(name=_name(scope, tax_region_id))
    )
    return TAX_REGIONS.one(query, region)


@router.post(
    "/{tax_region_id}",
    summary="Update a tax region",
    responses=responses.documented(TaxRegionAnswer, "The updated tax region."),
    openapi_extra=TAX_REGIONS.documented_one,
)
async def update_tax_region(
    tax_region_id: str,
    scope: CurrentScope,
    query: TaxRegionQuery,
    clients: ClientsOf,
    etag: IfMatch,
    body: TaxRegionUpdate,
) -> Response:
    """Updates the fields in the body."""
    change = body.to_message(name=_name(scope, tax_region_id), etag=etag)
    region = await clients.tax_regions.UpdateTaxRegion(
        UpdateTaxRegionRequest(tax_region=change, update_mask=body.to_mask())
    )
    return TAX_REGIONS.one(query, region)


@router.delete(
    "/{tax_region_id}",
    summary="Delete a tax region",
    responses=responses.documented(responses.Deleted, "The tax region is deleted."),
)
async def delete_tax_region(
    tax_region_id: str, scope: CurrentScope, clients: ClientsOf, etag: IfMatch
) -> Response:
    """Deletes a tax region with its rates, and a country's with its provinces."""
    await clients.tax_regions.DeleteTaxRegion(
        DeleteTaxRegionRequest(name=_name(scope, tax_region_id), etag=etag)
    )
    return responses.deleted("tax_region", tax_region_id)


def _name(scope: Scope, tax_region_id: str) -> str:
    return f"tenants/{scope.tenant}/taxRegions/{tax_region_id}"
