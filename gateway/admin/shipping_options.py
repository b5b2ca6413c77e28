"""Medusa's shipping options: how the request's tenant ships, and at which prices."""

from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import BaseModel
from souk.commerce.v1.shipping_option_service_pb2 import (
    CreateShippingOptionRequest,
    DeleteShippingOptionRequest,
    GetShippingOptionRequest,
    ListShippingOptionsRequest,
    UpdateShippingOptionRequest,
)

from gateway.clients import ClientsOf
from gateway.documents.shipping_options import (
    OptionCreate,
    OptionDocument,
    OptionUpdate,
    RuleBatch,
    RuleDocument,
)
from gateway.identity.scopes import CurrentScope
from gateway.medusa import responses
from gateway.medusa.bodies import ExactRoute
from gateway.medusa.filters import Flag, Id, Many, One, Text
from gateway.medusa.headers import IdempotencyKey, IfMatch
from gateway.medusa.query import ParsedQuery, Query
from gateway.medusa.resource import Envelope, NoQueryOfWrites, Resource
from gateway.medusa.router import Router
from services.kernel.call.limits import most_characters, most_entries
from services.kernel.call.scope import Scope

OPTIONS = Resource(
    "shipping_option",
    "shipping_options",
    OptionDocument,
    Query(
        filters={
            "q": Text(most_characters(ListShippingOptionsRequest, "query")),
            "id": Many(most_entries(ListShippingOptionsRequest, "shipping_options"), of=Id()),
            "service_zone_id": Many(
                most_entries(ListShippingOptionsRequest, "service_zone_ids"),
                of=One(most_characters(ListShippingOptionsRequest, "service_zone_ids")),
            ),
            "shipping_profile_id": Many(
                most_entries(ListShippingOptionsRequest, "shipping_profile_ids"),
                of=One(most_characters(ListShippingOptionsRequest, "shipping_profile_ids")),
            ),
            "provider_id": One(most_characters(ListShippingOptionsRequest, "provider_id")),
            "is_return": Flag(),
            "admin_only": Flag(),
        },
        order=("created_at", "updated_at", "id", "name"),
    ),
)
OptionQuery = Annotated[ParsedQuery, Depends(OPTIONS.query_of_answer)]

router = Router(
    prefix="/admin/shipping-options",
    tags=["Tenants"],
    responses=responses.ADMIN_ERRORS,
    dependencies=[NoQueryOfWrites],
    route_class=ExactRoute,
)


class OptionAnswer(BaseModel):
    shipping_option: OptionDocument


class OptionsAnswer(Envelope):
    shipping_options: list[OptionDocument]


class RuleBatchAnswer(BaseModel):
    created: list[RuleDocument]
    updated: list[RuleDocument]
    deleted: responses.DeletedInBatch


_OPTION = responses.documented(OptionAnswer, "The shipping option.")


@router.get(
    "",
    summary="List shipping options",
    responses=responses.documented(OptionsAnswer, "A page of shipping options."),
    openapi_extra=OPTIONS.documented_list,
)
async def list_shipping_options(
    request: Request, scope: CurrentScope, clients: ClientsOf
) -> Response:
    """Lists the shipping options of the request's tenant, oldest first."""
    query = OPTIONS.list_query(request)
    found = await clients.shipping_options.ListShippingOptions(
        ListShippingOptionsRequest(
            parent=f"tenants/{scope.tenant}",
            page_size=query.limit,
            skip=query.offset,
            order_by=query.order,
            query=query.one("q"),
            shipping_options=[_name(scope, id_) for id_ in query.many("id")],
            service_zone_ids=query.many("service_zone_id"),
            shipping_profile_ids=query.many("shipping_profile_id"),
            provider_id=query.one("provider_id"),
            is_return=query.flag("is_return"),
            admin_only=query.flag("admin_only"),
        )
    )
    return OPTIONS.page(query, found.shipping_options, count=found.total_size)


@router.post(
    "", summary="Create a shipping option", responses=_OPTION, openapi_extra=OPTIONS.documented_one
)
async def create_shipping_option(
    scope: CurrentScope,
    query: OptionQuery,
    clients: ClientsOf,
    key: IdempotencyKey,
    body: OptionCreate,
) -> Response:
    """Creates a shipping option for a service zone and a shipping profile."""
    made = await clients.shipping_options.CreateShippingOption(
        CreateShippingOptionRequest(
            parent=f"tenants/{scope.tenant}", shipping_option=body.to_message(), request_id=key
        )
    )
    return OPTIONS.one(query, made)


@router.get(
    "/{option_id}",
    summary="Get a shipping option",
    responses=_OPTION,
    openapi_extra=OPTIONS.documented_one,
)
async def get_shipping_option(
    option_id: str, request: Request, scope: CurrentScope, clients: ClientsOf
) -> Response:
    """Returns one shipping option of the request's tenant."""
    query = OPTIONS.one_query(request)
    found = await clients.shipping_options.GetShippingOption(
        GetShippingOptionRequest(name=_name(scope, option_id))
    )
    return OPTIONS.one(query, found)


@router.post(
    "/{option_id}",
    summary="Update a shipping option",
    responses=_OPTION,
    openapi_extra=OPTIONS.documented_one,
)
async def update_shipping_option(
    option_id: str,
    scope: CurrentScope,
    query: OptionQuery,
    clients: ClientsOf,
    etag: IfMatch,
    body: OptionUpdate,
) -> Response:
    """Updates the fields in the body, in carts from their next change or read on."""
    change = body.to_message(name=_name(scope, option_id), etag=etag)
    updated = await clients.shipping_options.UpdateShippingOption(
        UpdateShippingOptionRequest(shipping_option=change, update_mask=body.to_mask())
    )
    return OPTIONS.one(query, updated)


@router.post(
    "/{option_id}/rules/batch",
    summary="Change the rules of a shipping option",
    responses=responses.documented(RuleBatchAnswer, "What became of the rules."),
)
async def change_shipping_rules(
    option_id: str, scope: CurrentScope, clients: ClientsOf, key: IdempotencyKey, body: RuleBatch
) -> Response:
    """Creates, updates and deletes rules: all of them, or none."""
    request = body.to_message(name=_name(scope, option_id), request_id=key)
    changed = await clients.shipping_options.ChangeShippingRules(request)
    updated = {rule.id for rule in request.updates}
    return responses.batch(
        "shipping_option_rule",
        created=RuleDocument.to_list(changed.rules[len(changed.rules) - len(request.creates) :]),
        updated=RuleDocument.to_list(rule for rule in changed.rules if rule.id in updated),
        deleted=list(request.deletes),
    )


@router.delete(
    "/{option_id}",
    summary="Delete a shipping option",
    responses=responses.documented(responses.Deleted, "The shipping option is deleted."),
)
async def delete_shipping_option(
    option_id: str, scope: CurrentScope, clients: ClientsOf, etag: IfMatch
) -> Response:
    """Deletes a shipping option; carts that have chosen it must choose another."""
    await clients.shipping_options.DeleteShippingOption(
        DeleteShippingOptionRequest(name=_name(scope, option_id), etag=etag)
    )
    return responses.deleted("shipping_option", option_id)


def _name(scope: Scope, option_id: str) -> str:
    return f"tenants/{scope.tenant}/shippingOptions/{option_id}"
