"""Medusa's inventory items: how much the request's tenant has of what it sells, and where."""

from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import BaseModel
from souk.commerce.v1.inventory_service_pb2 import (
    BatchChangeInventoryLevelsRequest,
    BatchChangeInventoryLevelsResponse,
    GetInventoryItemRequest,
    InventoryItem,
    InventoryLevelRow,
    ListInventoryItemsRequest,
    ListInventoryLevelsRequest,
)

from gateway.clients import Clients, ClientsOf
from gateway.documents.inventory import (
    InventoryItemDocument,
    InventoryItemLevelBatch,
    InventoryLevelBatch,
    InventoryLevelCreate,
    InventoryLevelDocument,
    InventoryLevelUpdate,
    level_id,
)
from gateway.identity.scopes import CurrentScope
from gateway.medusa import responses
from gateway.medusa.bodies import ExactRoute
from gateway.medusa.filters import Id, Many, Text
from gateway.medusa.headers import IdempotencyKey
from gateway.medusa.query import ParsedQuery, Query
from gateway.medusa.resource import Envelope, NoQueryOfWrites, Resource
from gateway.medusa.router import Router
from gateway.request_state import BATCH_SECONDS
from services.kernel.call.errors import NotFound
from services.kernel.call.limits import most_characters, most_entries
from services.kernel.call.scope import Scope

ITEMS = Resource(
    "inventory_item",
    "inventory_items",
    InventoryItemDocument,
    Query(
        filters={
            "q": Text(most_characters(ListInventoryItemsRequest, "query")),
            "id": Many(most_entries(ListInventoryItemsRequest, "inventory_items"), of=Id()),
            "sku": Many(most_entries(ListInventoryItemsRequest, "skus"), have_commas=True),
        },
        order=("id", "title", "sku"),
        limit=20,
    ),
)
LEVELS = Resource(
    "inventory_level",
    "inventory_levels",
    InventoryLevelDocument,
    Query(
        filters={
            "location_id": Many(most_entries(ListInventoryLevelsRequest, "locations"), of=Id())
        },
    ),
)

router = Router(
    prefix="/admin/inventory-items",
    tags=["Tenants"],
    responses=responses.ADMIN_ERRORS,
    dependencies=[NoQueryOfWrites],
    route_class=ExactRoute,
)


class InventoryItemAnswer(BaseModel):
    inventory_item: InventoryItemDocument


class InventoryItemsAnswer(Envelope):
    inventory_items: list[InventoryItemDocument]


class InventoryLevelsAnswer(Envelope):
    inventory_levels: list[InventoryLevelDocument]


class InventoryLevelBatchAnswer(BaseModel):
    created: list[InventoryLevelDocument]
    updated: list[InventoryLevelDocument]
    deleted: responses.DeletedInBatch


class InventoryLevelDeleted(responses.Deleted):
    """The confirmation that a level is gone, with the item that is left."""

    parent: InventoryItemDocument


ItemQuery = Annotated[ParsedQuery, Depends(ITEMS.query_of_answer)]
_ITEM = responses.documented(InventoryItemAnswer, "The inventory item, with its levels.")
_BATCH = responses.documented(InventoryLevelBatchAnswer, "What became of each row.")


@router.get(
    "",
    summary="List inventory items",
    responses=responses.documented(InventoryItemsAnswer, "A page of inventory items."),
    openapi_extra=ITEMS.documented_list,
)
async def list_inventory_items(
    request: Request, scope: CurrentScope, clients: ClientsOf
) -> Response:
    """Lists the inventory items of all variants that the request's tenant shows."""
    query = ITEMS.list_query(request)
    found = await clients.inventory.ListInventoryItems(
        ListInventoryItemsRequest(
            parent=f"tenants/{scope.tenant}",
            page_size=query.limit,
            skip=query.offset,
            order_by=query.order,
            query=query.one("q"),
            inventory_items=[_name(scope, id_) for id_ in query.many("id")],
            skus=query.many("sku"),
        )
    )
    return ITEMS.page(query, found.inventory_items, count=found.total_size)


@router.post("/location-levels/batch", summary="Change levels of inventory items", responses=_BATCH)
async def change_inventory_levels(
    scope: CurrentScope, clients: ClientsOf, key: IdempotencyKey, body: InventoryLevelBatch
) -> Response:
    """Creates, updates and deletes levels of any inventory items in one transaction: all, or none.

    Each level that changes leaves an event of its own.
    """
    done = await clients.inventory.BatchChangeInventoryLevels(
        body.to_message(parent=f"tenants/{scope.tenant}", request_id=key),
        timeout=BATCH_SECONDS,
    )
    return _batch(done)


@router.get(
    "/{inventory_item_id}",
    summary="Get an inventory item",
    responses=_ITEM,
    openapi_extra=ITEMS.documented_one,
)
async def get_inventory_item(
    inventory_item_id: str, request: Request, scope: CurrentScope, clients: ClientsOf
) -> Response:
    """Returns one inventory item with its levels."""
    query = ITEMS.one_query(request)
    return ITEMS.one(query, await _item(scope, clients, inventory_item_id))


@router.get(
    "/{inventory_item_id}/location-levels",
    summary="List levels of an inventory item",
    responses=responses.documented(InventoryLevelsAnswer, "A page of levels."),
    openapi_extra=LEVELS.documented_list,
)
async def list_inventory_levels(
    inventory_item_id: str, request: Request, scope: CurrentScope, clients: ClientsOf
) -> Response:
    """Lists where there are any of an inventory item."""
    query = LEVELS.list_query(request)
    found = await clients.inventory.ListInventoryLevels(
        ListInventoryLevelsRequest(
            parent=_name(scope, inventory_item_id),
            page_size=query.limit,
            skip=query.offset,
            locations=query.many("location_id"),
        )
    )
    return LEVELS.page(query, found.levels, count=found.total_size)


@router.post(
    "/{inventory_item_id}/location-levels",
    summary="Create a level of an inventory item",
    responses=_ITEM,
    openapi_extra=ITEMS.documented_one,
)
async def create_inventory_level(
    inventory_item_id: str,
    scope: CurrentScope,
    query: ItemQuery,
    clients: ClientsOf,
    key: IdempotencyKey,
    body: InventoryLevelCreate,
) -> Response:
    """Says how many of an inventory item there are at another location."""
    row = body.to_message(inventory_item_id=inventory_item_id)
    await clients.inventory.BatchChangeInventoryLevels(
        BatchChangeInventoryLevelsRequest(
            parent=f"tenants/{scope.tenant}", creates=[row], request_id=key
        )
    )
    return ITEMS.one(query, await _item(scope, clients, inventory_item_id))


@router.post(
    "/{inventory_item_id}/location-levels/batch",
    summary="Change levels of an inventory item",
    responses=_BATCH,
)
async def change_levels_of_item(
    inventory_item_id: str,
    scope: CurrentScope,
    clients: ClientsOf,
    key: IdempotencyKey,
    body: InventoryItemLevelBatch,
) -> Response:
    """Creates, updates and deletes levels of an inventory item in one transaction: all, or none."""
    request = body.to_message(parent=f"tenants/{scope.tenant}", request_id=key)
    for row in request.deletes:
        if row.inventory_item_id != inventory_item_id:
            raise NotFound(
                "INVENTORY_LEVEL_NOT_FOUND",
                f"{inventory_item_id[:100]} has no such level: it is of {row.inventory_item_id}.",
            )
    for row in (*request.creates, *request.updates):
        row.inventory_item_id = inventory_item_id
    return _batch(await clients.inventory.BatchChangeInventoryLevels(request))


@router.post(
    "/{inventory_item_id}/location-levels/{location_id}",
    summary="Update a level of an inventory item",
    responses=_ITEM,
    openapi_extra=ITEMS.documented_one,
)
async def update_inventory_level(
    inventory_item_id: str,
    location_id: str,
    scope: CurrentScope,
    query: ItemQuery,
    clients: ClientsOf,
    body: InventoryLevelUpdate,
) -> Response:
    """Says how many there are now; what is kept for carts and orders stays kept."""
    row = body.to_message(inventory_item_id=inventory_item_id, location_id=location_id)
    await clients.inventory.BatchChangeInventoryLevels(
        BatchChangeInventoryLevelsRequest(parent=f"tenants/{scope.tenant}", updates=[row])
    )
    return ITEMS.one(query, await _item(scope, clients, inventory_item_id))


@router.delete(
    "/{inventory_item_id}/location-levels/{location_id}",
    summary="Delete a level of an inventory item",
    responses=responses.documented(InventoryLevelDeleted, "The level is deleted."),
)
async def delete_inventory_level(
    inventory_item_id: str, location_id: str, scope: CurrentScope, clients: ClientsOf
) -> Response:
    """Deletes a level, if nothing is in stock and nothing is kept; `parent` is the item."""
    row = InventoryLevelRow(inventory_item_id=inventory_item_id, location_id=location_id)
    done = await clients.inventory.BatchChangeInventoryLevels(
        BatchChangeInventoryLevelsRequest(parent=f"tenants/{scope.tenant}", deletes=[row])
    )
    item = InventoryItemDocument.to_json(await _item(scope, clients, inventory_item_id))
    return responses.deleted("inventory-level", level_id(done.deleted[0]), parent=item)


async def _item(scope: Scope, clients: Clients, item_id: str) -> InventoryItem:
    return await clients.inventory.GetInventoryItem(
        GetInventoryItemRequest(name=_name(scope, item_id))
    )


def _batch(done: BatchChangeInventoryLevelsResponse) -> Response:
    return responses.batch(
        "inventory-level",
        created=InventoryLevelDocument.to_list(done.created),
        updated=InventoryLevelDocument.to_list(done.updated),
        deleted=[level_id(name) for name in done.deleted],
    )


def _name(scope: Scope, item_id: str) -> str:
    return f"tenants/{scope.tenant}/inventoryItems/{item_id}"
