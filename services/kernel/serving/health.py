"""Whether a service takes calls, told to its callers by gRPC and to operators by HTTP."""

import asyncio

from grpc_health.v1 import health, health_pb2

from services.kernel.call.client import TAKES_CALLS
from services.kernel.call.errors import ServiceError
from services.kernel.data.database import Database
from services.kernel.operation.endpoints import Readiness

_PROBE_SECONDS = 2
_SERVING = health_pb2.HealthCheckResponse.SERVING
_NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


class Health:
    """The state of a service, from its start until it has stopped."""

    def __init__(self) -> None:
        self.servicer = health.aio.HealthServicer()
        self._parts = {"calls": "starting", "database": "unreachable"}

    async def readiness(self) -> Readiness:
        """Asks nobody: the database is probed every other second, whoever asks."""
        return Readiness(set(self._parts.values()) == {"serving"}, self._parts)

    async def take_calls(self) -> None:
        await self.servicer.set(TAKES_CALLS, _SERVING)
        self._parts["calls"] = "serving"

    async def drain(self) -> None:
        """Sends callers elsewhere; calls are still answered."""
        self._parts["calls"] = "draining"
        await self.servicer.enter_graceful_shutdown()

    async def watch(self, database: Database) -> None:
        """Keeps the state of the database current: serving means that it responds."""
        while True:
            try:
                await database.ping()
                await self.servicer.set("", _SERVING)
                self._parts["database"] = "serving"
            except ServiceError:
                await self.servicer.set("", _NOT_SERVING)
                self._parts["database"] = "unreachable"
            await asyncio.sleep(_PROBE_SECONDS)
