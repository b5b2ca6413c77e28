"""Medusa's reservations: what the request's tenant keeps for carts and orders."""

from fastapi import Request, Response
from pydantic import BaseModel
from souk.commerce.v1.reservation_service_pb2 import (
    GetReservationRequest,
    ListReservationsRequest,
)

from gateway.clients import ClientsOf
from gateway.documents.reservation import ReservationDocument
from gateway.identity.scopes import CurrentScope
from gateway.medusa import responses
from gateway.medusa.filters import Many
from gateway.medusa.query import Query
from gateway.medusa.resource import Envelope, Resource
from gateway.medusa.router import Router
from services.kernel.call.limits import most_entries

RESERVATIONS = Resource(
    "reservation",
    "reservations",
    ReservationDocument,
    Query(
        filters={
            "inventory_item_id": Many(most_entries(ListReservationsRequest, "inventory_items")),
            "location_id": Many(most_entries(ListReservationsRequest, "locations")),
            "line_item_id": Many(most_entries(ListReservationsRequest, "line_items")),
        },
        order=("created_at",),
        limit=20,
    ),
)

router = Router(prefix="/admin/reservations", tags=["Tenants"], responses=responses.ADMIN_ERRORS)


class ReservationAnswer(BaseModel):
    reservation: ReservationDocument


class ReservationsAnswer(Envelope):
    reservations: list[ReservationDocument]


@router.get(
    "",
    summary="List reservations",
    responses=responses.documented(ReservationsAnswer, "A page of reservations."),
    openapi_extra=RESERVATIONS.documented_list,
)
async def list_reservations(request: Request, scope: CurrentScope, clients: ClientsOf) -> Response:
    """Lists what is kept for carts and orders of the request's tenant, oldest first."""
    query = RESERVATIONS.list_query(request)
    found = await clients.reservations.ListReservations(
        ListReservationsRequest(
            parent=f"tenants/{scope.tenant}",
            page_size=query.limit,
            skip=query.offset,
            order_by=query.order,
            inventory_items=query.many("inventory_item_id"),
            locations=query.many("location_id"),
            line_items=query.many("line_item_id"),
        )
    )
    return RESERVATIONS.page(query, found.reservations, count=found.total_size)


@router.get(
    "/{reservation_id}",
    summary="Get a reservation",
    responses=responses.documented(ReservationAnswer, "The reservation."),
    openapi_extra=RESERVATIONS.documented_one,
)
async def get_reservation(
    reservation_id: str, request: Request, scope: CurrentScope, clients: ClientsOf
) -> Response:
    """Returns one reservation of the request's tenant."""
    query = RESERVATIONS.one_query(request)
    name = f"tenants/{scope.tenant}/reservations/{reservation_id}"
    reservation = await clients.reservations.GetReservation(GetReservationRequest(name=name))
    return RESERVATIONS.one(query, reservation)
