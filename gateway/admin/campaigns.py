"""Medusa's campaigns: when promotions of the request's tenant apply, and how much they may give."""

from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import BaseModel
from souk.commerce.v1.campaign_service_pb2 import (
    BatchChangeCampaignPromotionsRequest,
    CreateCampaignRequest,
    DeleteCampaignRequest,
    GetCampaignRequest,
    ListCampaignsRequest,
    UpdateCampaignRequest,
)

from gateway.admin.promotions import promotion_name
from gateway.clients import ClientsOf
from gateway.documents.campaign import (
    CampaignCreate,
    CampaignDocument,
    CampaignPromotions,
    CampaignUpdate,
)
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

CAMPAIGNS = Resource(
    "campaign",
    "campaigns",
    CampaignDocument,
    Query(
        filters={
            "q": Text(most_characters(ListCampaignsRequest, "query")),
            "id": Many(most_entries(ListCampaignsRequest, "campaigns"), of=Id()),
        },
        order=("created_at", "updated_at", "name", "id"),
    ),
)
CampaignQuery = Annotated[ParsedQuery, Depends(CAMPAIGNS.query_of_answer)]

router = Router(
    prefix="/admin/campaigns",
    tags=["Tenants"],
    responses=responses.ADMIN_ERRORS,
    dependencies=[NoQueryOfWrites],
    route_class=ExactRoute,
)


class CampaignAnswer(BaseModel):
    campaign: CampaignDocument


class CampaignsAnswer(Envelope):
    campaigns: list[CampaignDocument]


_CAMPAIGN = responses.documented(CampaignAnswer, "The campaign.")


@router.get(
    "",
    summary="List campaigns",
    responses=responses.documented(CampaignsAnswer, "A page of campaigns."),
    openapi_extra=CAMPAIGNS.documented_list,
)
async def list_campaigns(request: Request, scope: CurrentScope, clients: ClientsOf) -> Response:
    """Lists the campaigns of the request's tenant, oldest first."""
    query = CAMPAIGNS.list_query(request)
    found = await clients.campaigns.ListCampaigns(
        ListCampaignsRequest(
            parent=f"tenants/{scope.tenant}",
            page_size=query.limit,
            skip=query.offset,
            order_by=query.order,
            query=query.one("q"),
            campaigns=[_name(scope, id_) for id_ in query.many("id")],
        )
    )
    return CAMPAIGNS.page(query, found.campaigns, count=found.total_size)


@router.post(
    "", summary="Create a campaign", responses=_CAMPAIGN, openapi_extra=CAMPAIGNS.documented_one
)
async def create_campaign(
    scope: CurrentScope,
    query: CampaignQuery,
    clients: ClientsOf,
    key: IdempotencyKey,
    body: CampaignCreate,
) -> Response:
    """Creates a campaign."""
    campaign = await clients.campaigns.CreateCampaign(
        CreateCampaignRequest(
            parent=f"tenants/{scope.tenant}", campaign=body.to_message(), request_id=key
        )
    )
    return CAMPAIGNS.one(query, campaign)


@router.get(
    "/{campaign_id}",
    summary="Get a campaign",
    responses=_CAMPAIGN,
    openapi_extra=CAMPAIGNS.documented_one,
)
async def get_campaign(
    campaign_id: str, request: Request, scope: CurrentScope, clients: ClientsOf
) -> Response:
    """Returns one campaign of the request's tenant."""
    query = CAMPAIGNS.one_query(request)
    campaign = await clients.campaigns.GetCampaign(
        GetCampaignRequest(name=_name(scope, campaign_id))
    )
    return CAMPAIGNS.one(query, campaign)


@router.post(
    "/{campaign_id}",
    summary="Update a campaign",
    responses=_CAMPAIGN,
    openapi_extra=CAMPAIGNS.documented_one,
)
async def update_campaign(
    campaign_id: str,
    scope: CurrentScope,
    query: CampaignQuery,
    clients: ClientsOf,
    etag: IfMatch,
    body: CampaignUpdate,
) -> Response:
    """Updates the fields in the body. What a budget counts is fixed once something was counted."""
    change = body.to_message(name=_name(scope, campaign_id), etag=etag)
    campaign = await clients.campaigns.UpdateCampaign(
        UpdateCampaignRequest(campaign=change, update_mask=body.to_mask())
    )
    return CAMPAIGNS.one(query, campaign)


@router.delete(
    "/{campaign_id}",
    summary="Delete a campaign",
    responses=responses.documented(responses.Deleted, "The campaign is deleted."),
)
async def delete_campaign(
    campaign_id: str, scope: CurrentScope, clients: ClientsOf, etag: IfMatch
) -> Response:
    """Deletes a campaign without promotions."""
    await clients.campaigns.DeleteCampaign(
        DeleteCampaignRequest(name=_name(scope, campaign_id), etag=etag)
    )
    return responses.deleted("campaign", campaign_id)


@router.post(
    "/{campaign_id}/promotions",
    summary="Put promotions into a campaign, or take them out",
    responses=_CAMPAIGN,
    openapi_extra=CAMPAIGNS.documented_one,
)
async def change_campaign_promotions(
    campaign_id: str,
    scope: CurrentScope,
    query: CampaignQuery,
    clients: ClientsOf,
    key: IdempotencyKey,
    body: CampaignPromotions,
) -> Response:
    """Moves promotions; one of another campaign leaves that one."""
    campaign = await clients.campaigns.BatchChangeCampaignPromotions(
        BatchChangeCampaignPromotionsRequest(
            name=_name(scope, campaign_id),
            adds=[promotion_name(scope, id_) for id_ in body.add],
            removes=[promotion_name(scope, id_) for id_ in body.remove],
            request_id=key,
        )
    )
    return CAMPAIGNS.one(query, campaign)


def _name(scope: Scope, campaign_id: str) -> str:
    return f"tenants/{scope.tenant}/campaigns/{campaign_id}"
