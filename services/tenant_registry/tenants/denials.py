"""DenialService: records what the gateway itself refused."""

from souk.tenant_registry.v1 import denial_service_pb2 as pb
from souk.tenant_registry.v1 import denial_service_pb2_grpc as pb_grpc
from sqlalchemy import select

from services.kernel.data.database import Database
from services.kernel.evidence.denials import Denial, Denials, loggable_name
from services.tenant_registry.models import Tenant


class DenialServicer(pb_grpc.DenialServiceServicer):
    def __init__(self, db: Database, denials: Denials) -> None:
        self._db = db
        self._denials = denials

    async def RecordDenial(
        self, request: pb.RecordDenialRequest, _context: object
    ) -> pb.RecordDenialResponse:
        tenant_id = request.resource.removeprefix("tenants/")
        async with self._db.platform() as session:
            existing_tenant_id = await session.scalar(
                select(Tenant.tenant_id).where(Tenant.tenant_id == tenant_id)
            )
        await self._denials.record(
            Denial(
                resource=loggable_name(request.resource),
                reason=loggable_name(request.reason),
                actor=loggable_name(request.actor),
                attempt=loggable_name(request.attempt),
                tenant=existing_tenant_id,
            )
        )
        return pb.RecordDenialResponse()
