"""Medusa's customer groups: prices and promotions may be for some customers alone."""

from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import BaseModel
from souk.commerce.v1.customer_group_service_pb2 import (
    ChangeGroupMembersRequest,
    CreateCustomerGroupRequest,
    DeleteCustomerGroupRequest,
    GetCustomerGroupRequest,
    ListCustomerGroupsRequest,
    UpdateCustomerGroupRequest,
)

from gateway.admin.customers import customer_name
from gateway.clients import ClientsOf
from gateway.documents.customer import (
    GroupCreate,
    GroupDocument,
    GroupMembersChange,
    GroupUpdate,
)
from gateway.identity.scopes import CurrentScope
from gateway.medusa import responses
from gateway.medusa.bodies import ExactRoute
from gateway.medusa.filters import Id, Many, One, Text, times
from gateway.medusa.headers import IdempotencyKey, IfMatch
from gateway.medusa.query import ParsedQuery, Query
from gateway.medusa.resource import Envelope, NoQueryOfWrites, Resource
from gateway.medusa.router import Router
from services.kernel.call.limits import most_characters, most_entries
from services.kernel.call.scope import Scope

GROUPS = Resource(
    "customer_group",
    "customer_groups",
    GroupDocument,
    Query(
        filters={
            "q": Text(most_characters(ListCustomerGroupsRequest, "query")),
            "id": Many(most_entries(ListCustomerGroupsRequest, "customer_groups"), of=Id()),
            "name": One(most_characters(ListCustomerGroupsRequest, "display_name")),
            **times("created_at", "updated_at"),
        },
        order=("created_at", "updated_at", "name", "id"),
    ),
)
GroupQuery = Annotated[ParsedQuery, Depends(GROUPS.query_of_answer)]

router = Router(
    prefix="/admin/customer-groups",
    tags=["Orders"],
    responses=responses.ADMIN_ERRORS,
    dependencies=[NoQueryOfWrites],
    route_class=ExactRoute,
)


class GroupAnswer(BaseModel):
    customer_group: GroupDocument


class GroupsAnswer(Envelope):
    customer_groups: list[GroupDocument]


_GROUP = responses.documented(GroupAnswer, "The group.")


@router.get(
    "",
    summary="List customer groups",
    responses=responses.documented(GroupsAnswer, "A page of groups."),
    openapi_extra=GROUPS.documented_list,
)
async def list_groups(request: Request, scope: CurrentScope, clients: ClientsOf) -> Response:
    """Lists the groups of the request's tenant, oldest first."""
    query = GROUPS.list_query(request)
    found = await clients.customer_groups.ListCustomerGroups(
        ListCustomerGroupsRequest(
            parent=f"tenants/{scope.tenant}",
            page_size=query.limit,
            skip=query.offset,
            order_by=query.order,
            query=query.one("q"),
            customer_groups=[_name(scope, id_) for id_ in query.many("id")],
            display_name=query.one("name"),
            created_at=query.time_range("created_at"),
            updated_at=query.time_range("updated_at"),
        )
    )
    return GROUPS.page(query, found.customer_groups, count=found.total_size)


@router.post(
    "",
    summary="Create a customer group",
    responses=_GROUP,
    openapi_extra=GROUPS.documented_one,
)
async def create_group(
    scope: CurrentScope,
    query: GroupQuery,
    clients: ClientsOf,
    key: IdempotencyKey,
    body: GroupCreate,
) -> Response:
    """Creates a group without customers."""
    group = await clients.customer_groups.CreateCustomerGroup(
        CreateCustomerGroupRequest(
            parent=f"tenants/{scope.tenant}", customer_group=body.to_message(), request_id=key
        )
    )
    return GROUPS.one(query, group)


@router.get(
    "/{group_id}",
    summary="Get a customer group",
    responses=_GROUP,
    openapi_extra=GROUPS.documented_one,
)
async def get_group(
    group_id: str, request: Request, scope: CurrentScope, clients: ClientsOf
) -> Response:
    """Returns one group of the request's tenant."""
    query = GROUPS.one_query(request)
    group = await clients.customer_groups.GetCustomerGroup(
        GetCustomerGroupRequest(name=_name(scope, group_id))
    )
    return GROUPS.one(query, group)


@router.post(
    "/{group_id}",
    summary="Update a customer group",
    responses=_GROUP,
    openapi_extra=GROUPS.documented_one,
)
async def update_group(
    group_id: str,
    scope: CurrentScope,
    query: GroupQuery,
    clients: ClientsOf,
    etag: IfMatch,
    body: GroupUpdate,
) -> Response:
    """Updates the fields in the body."""
    change = body.to_message(name=_name(scope, group_id), etag=etag)
    group = await clients.customer_groups.UpdateCustomerGroup(
        UpdateCustomerGroupRequest(customer_group=change, update_mask=body.to_mask())
    )
    return GROUPS.one(query, group)


@router.delete(
    "/{group_id}",
    summary="Delete a customer group",
    responses=responses.documented(responses.Deleted, "The group is deleted."),
)
async def delete_group(
    group_id: str, scope: CurrentScope, clients: ClientsOf, etag: IfMatch
) -> Response:
    """Deletes a group; its customers stay."""
    await clients.customer_groups.DeleteCustomerGroup(
        DeleteCustomerGroupRequest(name=_name(scope, group_id), etag=etag)
    )
    return responses.deleted("customer_group", group_id)


@router.post(
    "/{group_id}/customers",
    summary="Change who is in a customer group",
    responses=_GROUP,
    openapi_extra=GROUPS.documented_one,
)
async def change_members(
    group_id: str,
    scope: CurrentScope,
    query: GroupQuery,
    clients: ClientsOf,
    body: GroupMembersChange,
) -> Response:
    """Puts customers into a group and takes others out, all or none."""
    group = await clients.customer_groups.ChangeGroupMembers(
        ChangeGroupMembersRequest(
            name=_name(scope, group_id),
            add=[customer_name(scope, id_) for id_ in body.add or ()],
            remove=[customer_name(scope, id_) for id_ in body.remove or ()],
        )
    )
    return GROUPS.one(query, group)


def _name(scope: Scope, group_id: str) -> str:
    return f"tenants/{scope.tenant}/customerGroups/{group_id}"
