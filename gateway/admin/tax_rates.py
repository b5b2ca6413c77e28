"""Medusa's tax rates: what the request's tenant charges, and for what."""

from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import BaseModel
from souk.commerce.v1.tax_rate_service_pb2 import (
    CreateTaxRateRequest,
    DeleteTaxRateRequest,
    GetTaxRateRequest,
    ListTaxRatesRequest,
    UpdateTaxRateRequest,
)

from gateway.clients import ClientsOf
from gateway.documents.tax import TaxRateCreate, TaxRateDocument, TaxRateUpdate
from gateway.identity.scopes import CurrentScope
from gateway.medusa import responses
from gateway.medusa.bodies import ExactRoute
from gateway.medusa.filters import Flag, Id, Many, Text
from gateway.medusa.headers import IdempotencyKey, IfMatch
from gateway.medusa.query import ParsedQuery, Query
from gateway.medusa.resource import Envelope, NoQueryOfWrites, Resource
from gateway.medusa.router import Router
from services.kernel.call.limits import most_characters, most_entries
from services.kernel.call.scope import Scope

TAX_RATES = Resource(
    "tax_rate",
    "tax_rates",
    TaxRateDocument,
    Query(
        filters={
            "q": Text(most_characters(ListTaxRatesRequest, "query")),
            "id": Many(most_entries(ListTaxRatesRequest, "tax_rate_ids"), of=Id()),
            "tax_region_id": Many(most_entries(ListTaxRatesRequest, "tax_region_ids"), of=Id()),
            "is_default": Flag(),
        },
        order=("created_at", "updated_at", "id", "name", "code", "rate"),
        limit=20,
    ),
)
TaxRateQuery = Annotated[ParsedQuery, Depends(TAX_RATES.query_of_answer)]

router = Router(
    prefix="/admin/tax-rates",
    tags=["Tenants"],
    responses=responses.ADMIN_ERRORS,
    dependencies=[NoQueryOfWrites],
    route_class=ExactRoute,
)


class TaxRateAnswer(BaseModel):
    tax_rate: TaxRateDocument


class TaxRatesAnswer(Envelope):
    tax_rates: list[TaxRateDocument]


@router.get(
    "",
    summary="List tax rates",
    responses=responses.documented(TaxRatesAnswer, "A page of tax rates."),
    openapi_extra=TAX_RATES.documented_list,
)
async def list_tax_rates(request: Request, scope: CurrentScope, clients: ClientsOf) -> Response:
    """Lists the tax rates of the request's tenant, oldest first."""
    query = TAX_RATES.list_query(request)
    found = await clients.tax_rates.ListTaxRates(
        ListTaxRatesRequest(
            parent=f"tenants/{scope.tenant}",
            page_size=query.limit,
            skip=query.offset,
            order_by=query.order,
            query=query.one("q"),
            tax_rate_ids=query.many("id"),
            tax_region_ids=query.many("tax_region_id"),
            is_default=query.flag("is_default"),
        )
    )
    return TAX_RATES.page(query, found.tax_rates, count=found.total_size)


@router.post(
    "",
    summary="Create a tax rate",
    responses=responses.documented(TaxRateAnswer, "The tax rate."),
    openapi_extra=TAX_RATES.documented_one,
)
async def create_tax_rate(
    scope: CurrentScope,
    query: TaxRateQuery,
    clients: ClientsOf,
    key: IdempotencyKey,
    body: TaxRateCreate,
) -> Response:
    """Creates a rate of a tax region."""
    rate = await clients.tax_rates.CreateTaxRate(
        CreateTaxRateRequest(
            parent=f"tenants/{scope.tenant}", tax_rate=body.to_message(), request_id=key
        )
    )
    return TAX_RATES.one(query, rate)


@router.get(
    "/{tax_rate_id}",
    summary="Get a tax rate",
    responses=responses.documented(TaxRateAnswer, "The tax rate."),
    openapi_extra=TAX_RATES.documented_one,
)
async def get_tax_rate(
    tax_rate_id: str, request: Request, scope: CurrentScope, clients: ClientsOf
) -> Response:
    """Returns one tax rate of the request's tenant."""
    query = TAX_RATES.one_query(request)
    rate = await clients.tax_rates.GetTaxRate(GetTaxRateRequest(name=_name(scope, tax_rate_id)))
    return TAX_RATES.one(query, rate)


@router.post(
    "/{tax_rate_id}",
    summary="Update a tax rate",
    responses=responses.documented(TaxRateAnswer, "The updated tax rate."),
    openapi_extra=TAX_RATES.documented_one,
)
async def update_tax_rate(
    tax_rate_id: str,
    scope: CurrentScope,
    query: TaxRateQuery,
    clients: ClientsOf,
    etag: IfMatch,
    body: TaxRateUpdate,
) -> Response:
    """Updates the fields in the body; rules are replaced."""
    change = body.to_message(name=_name(scope, tax_rate_id), etag=etag)
    rate = await clients.tax_rates.UpdateTaxRate(
        UpdateTaxRateRequest(tax_rate=change, update_mask=body.to_mask())
    )
    return TAX_RATES.one(query, rate)


@router.delete(
    "/{tax_rate_id}",
    summary="Delete a tax rate",
    responses=responses.documented(responses.Deleted, "The tax rate is deleted."),
)
async def delete_tax_rate(
    tax_rate_id: str, scope: CurrentScope, clients: ClientsOf, etag: IfMatch
) -> Response:
    """Deletes a tax rate; orders keep what they were taxed with."""
    await clients.tax_rates.DeleteTaxRate(
        DeleteTaxRateRequest(name=_name(scope, tax_rate_id), etag=etag)
    )
    return responses.deleted("tax_rate", tax_rate_id)


def _name(scope: Scope, tax_rate_id: str) -> str:
    return f"tenants/{scope.tenant}/taxRates/{tax_rate_id}"
