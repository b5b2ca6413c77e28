"""ReservationService: what is kept for carts and orders, for staff to look at."""

from souk.commerce.v1 import reservation_service_pb2 as pb
from souk.commerce.v1.reservation_service_pb2_grpc import ReservationServiceServicer
from sqlalchemy import select

from services.commerce.models import Reservation
from services.commerce.stock.names import item_of, variant_of
from services.kernel.call import names
from services.kernel.call.errors import NotFound
from services.kernel.call.scope import current_scope
from services.kernel.call.times import message_of
from services.kernel.data import pages
from services.kernel.data.arrays import among
from services.kernel.data.database import Database

MOST_COUNTED = 10_000
_RESERVATION = "tenants/{tenant}/reservations/{reservation}"
# Ids are made of the time.
_ORDERS: dict[str, pages.Columns] = {"created_at": (Reservation.reservation_id,)}


class ReservationServicer(ReservationServiceServicer):
    def __init__(self, db: Database) -> None:
        self._db = db

    async def GetReservation(
        self, request: pb.GetReservationRequest, _context: object
    ) -> pb.Reservation:
        current_scope().require(request.name)
        id_ = names.parse(request.name, _RESERVATION)[1]
        async with self._db.tenant() as session:
            statement = select(Reservation).where(Reservation.reservation_id == id_)
            row: Reservation | None = await session.scalar(statement)
        if row is None:
            raise NotFound("RESERVATION_NOT_FOUND", f"No such reservation: {id_[:100]}")
        return _message(row)

    async def ListReservations(
        self, request: pb.ListReservationsRequest, _context: object
    ) -> pb.ListReservationsResponse:
        current_scope().require_parent(request.parent)
        found = select(Reservation)
        if request.inventory_items:
            variants = [variant_of(item_id) for item_id in request.inventory_items]
            found = found.where(among(Reservation.variant_id, variants))
        if request.locations:
            found = found.where(among(Reservation.location_id, request.locations))
        if request.line_items:
            found = found.where(among(Reservation.line_item_id, request.line_items))
        async with self._db.tenant() as session:
            rows, _, total = await pages.read_page(
                session, request, found, _ORDERS, most_counted=MOST_COUNTED
            )
        return pb.ListReservationsResponse(
            reservations=[_message(row) for row in rows], total_size=total
        )


def _message(row: Reservation) -> pb.Reservation:
    message = pb.Reservation(
        name=f"tenants/{row.tenant_id}/reservations/{row.reservation_id}",
        inventory_item_id=item_of(row.variant_id),
        location_id=row.location_id,
        quantity=row.quantity,
        line_item_id=row.line_item_id,
        order_id=row.order_id or "",
        create_time=message_of(row.create_time),
    )
    if row.expire_time is not None:
        message.expire_time.CopyFrom(message_of(row.expire_time))
    return message
