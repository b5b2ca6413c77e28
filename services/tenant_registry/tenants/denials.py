"""DenialService: records what the gateway itself refused."""

from souk.tenant_registry.v1 import denial_service_pb2 as pb
from souk.tenant_registry.v1 import denial_service_pb2_grpc as pb_grpc
from sqlalchemy import select

from services.kernel.data.database import Database
from services.kernel.evidence.denials import Denial, Denials, spelled
from services.tenant_registry.models import Tenant


class DenialServicer(pb_grpc.DenialServiceServicer):
    def __init__(self, db: Database, denials: Denials) -> None:
        self._db = db
        self._denials = denials

    async def RecordDenial(
        self, request: pb.RecordDenialRequest, _context: object
    ) -> pb.RecordDenialResponse:
        asked = request.resource.removeprefix("tenants/")
        async with self._db.platform() as session:
            known = await session.scalar(select(Tenant.tenant_id).where(Tenant.tenant_id == asked))
        await self._denials.record(
            Denial(
                resource=spelled(request.resource),
                reason=spelled(request.reason),
                actor=spelled(request.actor),
                attempt=spelled(request.attempt),
                tenant=known,
            )
        )
        return pb.RecordDenialResponse()
