"""Medusa's shipping profiles: goods that the request's tenant ships alike."""

from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import BaseModel
from souk.commerce.v1.shipping_profile_service_pb2 import (
    CreateShippingProfileRequest,
    DeleteShippingProfileRequest,
    GetShippingProfileRequest,
    ListShippingProfilesRequest,
    UpdateShippingProfileRequest,
)

from gateway.clients import ClientsOf
from gateway.documents.shipping_zones import ProfileCreate, ProfileDocument, ProfileUpdate
from gateway.identity.scopes import CurrentScope
from gateway.medusa import responses
from gateway.medusa.bodies import ExactRoute
from gateway.medusa.filters import Id, Many, One, Text
from gateway.medusa.headers import IdempotencyKey, IfMatch
from gateway.medusa.query import ParsedQuery, Query
from gateway.medusa.resource import Envelope, NoQueryOfWrites, Resource
from gateway.medusa.router import Router
from services.kernel.call.limits import most_characters, most_entries
from services.kernel.call.scope import Scope

PROFILES = Resource(
    "shipping_profile",
    "shipping_profiles",
    ProfileDocument,
    Query(
        filters={
            "q": Text(most_characters(ListShippingProfilesRequest, "query")),
            "id": Many(most_entries(ListShippingProfilesRequest, "shipping_profiles"), of=Id()),
            "name": One(most_characters(ListShippingProfilesRequest, "display_name")),
            "type": One(most_characters(ListShippingProfilesRequest, "type")),
        },
        order=("created_at", "updated_at", "id", "name"),
    ),
)
ProfileQuery = Annotated[ParsedQuery, Depends(PROFILES.query_of_answer)]

router = Router(
    prefix="/admin/shipping-profiles",
    tags=["Tenants"],
    responses=responses.ADMIN_ERRORS,
    dependencies=[NoQueryOfWrites],
    route_class=ExactRoute,
)


class ProfileAnswer(BaseModel):
    shipping_profile: ProfileDocument


class ProfilesAnswer(Envelope):
    shipping_profiles: list[ProfileDocument]


_PROFILE = responses.documented(ProfileAnswer, "The shipping profile.")


@router.get(
    "",
    summary="List shipping profiles",
    responses=responses.documented(ProfilesAnswer, "A page of shipping profiles."),
    openapi_extra=PROFILES.documented_list,
)
async def list_shipping_profiles(
    request: Request, scope: CurrentScope, clients: ClientsOf
) -> Response:
    """Lists the shipping profiles of the request's tenant, oldest first."""
    query = PROFILES.list_query(request)
    found = await clients.shipping_profiles.ListShippingProfiles(
        ListShippingProfilesRequest(
            parent=f"tenants/{scope.tenant}",
            page_size=query.limit,
            skip=query.offset,
            order_by=query.order,
            query=query.one("q"),
            shipping_profiles=[_name(scope, id_) for id_ in query.many("id")],
            display_name=query.one("name"),
            type=query.one("type"),
        )
    )
    return PROFILES.page(query, found.shipping_profiles, count=found.total_size)


@router.post(
    "",
    summary="Create a shipping profile",
    responses=_PROFILE,
    openapi_extra=PROFILES.documented_one,
)
async def create_shipping_profile(
    scope: CurrentScope,
    query: ProfileQuery,
    clients: ClientsOf,
    key: IdempotencyKey,
    body: ProfileCreate,
) -> Response:
    """Creates a shipping profile; goods that name none have the tenant's first."""
    made = await clients.shipping_profiles.CreateShippingProfile(
        CreateShippingProfileRequest(
            parent=f"tenants/{scope.tenant}", shipping_profile=body.to_message(), request_id=key
        )
    )
    return PROFILES.one(query, made)


@router.get(
    "/{profile_id}",
    summary="Get a shipping profile",
    responses=_PROFILE,
    openapi_extra=PROFILES.documented_one,
)
async def get_shipping_profile(
    profile_id: str, request: Request, scope: CurrentScope, clients: ClientsOf
) -> Response:
    """Returns one shipping profile of the request's tenant."""
    query = PROFILES.one_query(request)
    found = await clients.shipping_profiles.GetShippingProfile(
        GetShippingProfileRequest(name=_name(scope, profile_id))
    )
    return PROFILES.one(query, found)


@router.post(
    "/{profile_id}",
    summary="Update a shipping profile",
    responses=_PROFILE,
    openapi_extra=PROFILES.documented_one,
)
async def update_shipping_profile(
    profile_id: str,
    scope: CurrentScope,
    query: ProfileQuery,
    clients: ClientsOf,
    etag: IfMatch,
    body: ProfileUpdate,
) -> Response:
    """Updates the fields in the body."""
    change = body.to_message(name=_name(scope, profile_id), etag=etag)
    updated = await clients.shipping_profiles.UpdateShippingProfile(
        UpdateShippingProfileRequest(shipping_profile=change, update_mask=body.to_mask())
    )
    return PROFILES.one(query, updated)


@router.delete(
    "/{profile_id}",
    summary="Delete a shipping profile",
    responses=responses.documented(responses.Deleted, "The shipping profile is deleted."),
)
async def delete_shipping_profile(
    profile_id: str, scope: CurrentScope, clients: ClientsOf, etag: IfMatch
) -> Response:
    """Deletes a shipping profile that no option has."""
    await clients.shipping_profiles.DeleteShippingProfile(
        DeleteShippingProfileRequest(name=_name(scope, profile_id), etag=etag)
    )
    return responses.deleted("shipping_profile", profile_id)


def _name(scope: Scope, profile_id: str) -> str:
    return f"tenants/{scope.tenant}/shippingProfiles/{profile_id}"
