"""Medusa's price lists: prices of the request's tenant for a time, or for some customers."""

from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import BaseModel
from souk.catalog_opt_in.v1.price_list_service_pb2 import (
    CreatePriceListRequest,
    DeletePriceListRequest,
    GetPriceListRequest,
    ListPriceListsRequest,
    PriceList,
    UpdatePriceListRequest,
)

from gateway.clients import ClientsOf
from gateway.documents.price_list import (
    ListPriceBatch,
    ListPriceDocument,
    PriceListCreate,
    PriceListDocument,
    PriceListProducts,
    PriceListUpdate,
)
from gateway.identity.scopes import CurrentScope
from gateway.medusa import responses
from gateway.medusa.bodies import ExactRoute
from gateway.medusa.filters import Choice, Id, Many, Text
from gateway.medusa.headers import IdempotencyKey, IfMatch
from gateway.medusa.query import ParsedQuery, Query
from gateway.medusa.resource import Envelope, NoQueryOfWrites, Resource
from gateway.medusa.router import Router
from services.kernel.call.limits import most_characters, most_entries
from services.kernel.call.scope import Scope

_STATUSES = {"draft": PriceList.STATUS_DRAFT, "active": PriceList.STATUS_ACTIVE}
PRICE_LISTS = Resource(
    "price_list",
    "price_lists",
    PriceListDocument,
    Query(
        filters={
            "q": Text(most_characters(ListPriceListsRequest, "query")),
            "id": Many(most_entries(ListPriceListsRequest, "price_lists"), of=Id()),
            "status": Many(len(_STATUSES), of=Choice(tuple(_STATUSES))),
        },
        order=("created_at", "updated_at", "title", "id"),
    ),
)
PriceListQuery = Annotated[ParsedQuery, Depends(PRICE_LISTS.query_of_answer)]

router = Router(
    prefix="/admin/price-lists",
    tags=["Tenants"],
    responses=responses.ADMIN_ERRORS,
    dependencies=[NoQueryOfWrites],
    route_class=ExactRoute,
)


class PriceListAnswer(BaseModel):
    price_list: PriceListDocument


class PriceListsAnswer(Envelope):
    price_lists: list[PriceListDocument]


class ListPriceBatchAnswer(BaseModel):
    created: list[ListPriceDocument]
    updated: list[ListPriceDocument]
    deleted: responses.DeletedInBatch


_PRICE_LIST = responses.documented(PriceListAnswer, "The price list.")


@router.get(
    "",
    summary="List price lists",
    responses=responses.documented(PriceListsAnswer, "A page of price lists."),
    openapi_extra=PRICE_LISTS.documented_list,
)
async def list_price_lists(request: Request, scope: CurrentScope, clients: ClientsOf) -> Response:
    """Lists the price lists of the request's tenant, oldest first, without their prices."""
    query = PRICE_LISTS.list_query(request)
    found = await clients.price_lists.ListPriceLists(
        ListPriceListsRequest(
            parent=f"tenants/{scope.tenant}",
            page_size=query.limit,
            skip=query.offset,
            order_by=query.order,
            query=query.one("q"),
            price_lists=[_name(scope, id_) for id_ in query.many("id")],
            statuses=[_STATUSES[one] for one in query.many("status")],
        )
    )
    return PRICE_LISTS.page(query, found.price_lists, count=found.total_size)


@router.post(
    "",
    summary="Create a price list",
    responses=_PRICE_LIST,
    openapi_extra=PRICE_LISTS.documented_one,
)
async def create_price_list(
    scope: CurrentScope,
    query: PriceListQuery,
    clients: ClientsOf,
    key: IdempotencyKey,
    body: PriceListCreate,
) -> Response:
    """Creates a price list: a draft, unless `status` says otherwise."""
    price_list = await clients.price_lists.CreatePriceList(
        CreatePriceListRequest(
            parent=f"tenants/{scope.tenant}", price_list=body.to_message(), request_id=key
        )
    )
    return PRICE_LISTS.one(query, price_list)


@router.get(
    "/{price_list_id}",
    summary="Get a price list",
    responses=_PRICE_LIST,
    openapi_extra=PRICE_LISTS.documented_one,
)
async def get_price_list(
    price_list_id: str, request: Request, scope: CurrentScope, clients: ClientsOf
) -> Response:
    """Returns one price list of the request's tenant, with its prices."""
    query = PRICE_LISTS.one_query(request)
    price_list = await clients.price_lists.GetPriceList(
        GetPriceListRequest(name=_name(scope, price_list_id))
    )
    return PRICE_LISTS.one(query, price_list)


@router.post(
    "/{price_list_id}",
    summary="Update a price list",
    responses=_PRICE_LIST,
    openapi_extra=PRICE_LISTS.documented_one,
)
async def update_price_list(
    price_list_id: str,
    scope: CurrentScope,
    query: PriceListQuery,
    clients: ClientsOf,
    etag: IfMatch,
    body: PriceListUpdate,
) -> Response:
    """Updates the fields in the body; shops show what comes of it at once."""
    change = body.to_message(name=_name(scope, price_list_id), etag=etag)
    price_list = await clients.price_lists.UpdatePriceList(
        UpdatePriceListRequest(price_list=change, update_mask=body.to_mask())
    )
    return PRICE_LISTS.one(query, price_list)


@router.delete(
    "/{price_list_id}",
    summary="Delete a price list",
    responses=responses.documented(responses.Deleted, "The price list is deleted."),
)
async def delete_price_list(
    price_list_id: str, scope: CurrentScope, clients: ClientsOf, etag: IfMatch
) -> Response:
    """Deletes a price list with its prices; orders keep what was paid."""
    await clients.price_lists.DeletePriceList(
        DeletePriceListRequest(name=_name(scope, price_list_id), etag=etag)
    )
    return responses.deleted("price_list", price_list_id)


@router.post(
    "/{price_list_id}/prices/batch",
    summary="Create, update and delete prices of a list",
    responses=responses.documented(ListPriceBatchAnswer, "What became of each price."),
)
async def change_prices(
    price_list_id: str,
    scope: CurrentScope,
    clients: ClientsOf,
    key: IdempotencyKey,
    body: ListPriceBatch,
) -> Response:
    """Changes prices of a list in one transaction: all, or none."""
    done = await clients.price_lists.BatchChangePrices(
        body.to_message(name=_name(scope, price_list_id), request_id=key)
    )
    return responses.batch(
        "price",
        created=ListPriceDocument.to_list(done.created),
        updated=ListPriceDocument.to_list(done.updated),
        deleted=list(done.deleted),
    )


@router.post(
    "/{price_list_id}/products",
    summary="Remove products from a price list",
    responses=_PRICE_LIST,
    openapi_extra=PRICE_LISTS.documented_one,
)
async def remove_products(
    price_list_id: str,
    scope: CurrentScope,
    query: PriceListQuery,
    clients: ClientsOf,
    body: PriceListProducts,
) -> Response:
    """Removes all prices of products from a list."""
    price_list = await clients.price_lists.RemovePriceListProducts(
        body.to_message(name=_name(scope, price_list_id))
    )
    return PRICE_LISTS.one(query, price_list)


def _name(scope: Scope, price_list_id: str) -> str:
    return f"tenants/{scope.tenant}/priceLists/{price_list_id}"
