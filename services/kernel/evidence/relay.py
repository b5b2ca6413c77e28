"""Delivers audit leaves from a service's database to the audit service, at least once.

Leaves are deleted only after the audit service has confirmed them. After an interruption they are
sent again, and an event that arrives twice is stored once. So the instances of a service need not
coordinate.
"""

import asyncio
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import grpc
from souk.audit.v1 import audit_service_pb2 as pb
from souk.audit.v1.audit_service_pb2_grpc import AuditServiceStub
from sqlalchemy import func, select

from services.kernel.call.client import channel
from services.kernel.call.credentials import Signer
from services.kernel.call.errors import (
    AlreadyExists,
    InvalidArgument,
    ResourceExhausted,
    ServiceError,
    from_rpc,
)
from services.kernel.call.scope import Scope, bound
from services.kernel.data.database import Database
from services.kernel.data.tables import AuditLeaf
from services.kernel.process.backoff import Backoff
from services.kernel.process.certificates import Certificate
from services.kernel.process.logs import logger
from services.kernel.process.pauses import pause
from services.kernel.process.secret_files import Secret

if TYPE_CHECKING:
    from souk.audit.v1.audit_service_pb2_grpc import AuditServiceAsyncStub

_BATCH = 500
_BATCH_BYTES = 2_000_000  # a service accepts messages of 4 MB
# Only for leaves of a process that ended before it delivered them: new ones wake the relay at once.
_POLL_SECONDS = 5.0
# Acts close together are sent together: a call costs the relay and audit more than an event.
_LINGER_SECONDS = 0.05
_CALL_SECONDS = 5
_FIRST_RETRY_SECONDS = 0.2
_LAST_RETRY_SECONDS = 5.0
_REPORT_SECONDS = 30.0
_FLUSH_SECONDS = 5.0

_log = logger()
_OLDEST = """
SELECT tenant_id, event_id, envelope, payload, salt, signature FROM audit_leaf
WHERE (tenant_id, event_id) NOT IN (SELECT * FROM unnest($2::text[], $3::text[]))
ORDER BY tenant_id, event_id LIMIT $1
"""
_DELETE = """
DELETE FROM audit_leaf USING unnest($1::text[], $2::text[]) AS done (tenant, event)
WHERE tenant_id = tenant AND event_id = event
"""


class Leaf(NamedTuple):
    """An event that waits to be delivered."""

    tenant_id: str
    event_id: str
    envelope: bytes
    payload: bytes
    salt: bytes
    signature: bytes | None


async def run(
    db: Database,
    *,
    to: str,
    signer: Signer,
    certificate: Secret[Certificate] | None = None,
    stopped: asyncio.Event,
) -> None:
    """Delivers to the audit service at `to` until the service has `stopped`, then the rest."""
    scope = Scope(None, f"services/{signer.caller}", frozenset({"event:record"}))
    with bound(scope):
        async with channel(
            to,
            signer=signer,
            audience="audit",
            contract=[pb.DESCRIPTOR],
            certificate=certificate,
        ) as audit_channel:
            relay = Relay(db, AuditServiceStub(audit_channel))
            await relay.work(stopped)
            await relay.flush(_FLUSH_SECONDS)


class Relay:
    """Delivers one service's leaves to the audit service."""

    def __init__(self, db: Database, audit: "AuditServiceAsyncStub") -> None:
        self._db = db
        self._audit = audit
        self._backoff = Backoff(_FIRST_RETRY_SECONDS, _LAST_RETRY_SECONDS)
        self._failures = 0
        self._refused: set[tuple[str, str]] = set()
        self._reported = time.monotonic()

    async def work(self, stopped: asyncio.Event) -> None:
        """Delivers batches soon after each act, and backs off while audit is down."""
        while not stopped.is_set():
            self._db.leaves_committed.clear()
            if await self._attempt():
                continue
            if self._failures:
                await pause(self._backoff.next(), stopped)
            elif await pause(_POLL_SECONDS, stopped, self._db.leaves_committed):
                await pause(_LINGER_SECONDS, stopped)

    async def flush(self, seconds: float) -> None:
        """Delivers what it can in the given time; the rest waits for the next start."""
        try:
            async with asyncio.timeout(seconds):
                while await self._attempt():
                    pass
        except TimeoutError:
            _log.warning("audit_flush_unfinished")

    async def deliver(self) -> int:
        """Delivers one batch and returns the number of leaves; 0 if there are none.

        Raises:
            ServiceError: the audit service or the database does not respond, or refuses the call.
        """
        leaves = await self._undelivered()
        if leaves:
            await self._send_and_delete(leaves)
        return len(leaves)

    async def _attempt(self) -> bool:
        """Tries one batch; returns whether another may be waiting."""
        try:
            delivered = await self.deliver()
            await self._report()
        except ServiceError as error:
            self._failures += 1
            _log.warning("audit_unreachable", reason=error.reason, failures=self._failures)
            return False
        except Exception:
            # The relay must survive any error: without it, no event arrives.
            self._failures += 1
            _log.exception("audit_relay_broke")
            return False
        self._failures = 0
        self._backoff.reset()
        return delivered > 0

    async def _undelivered(self) -> Sequence[Leaf]:
        refused = [[tenant for tenant, _ in self._refused], [event for _, event in self._refused]]
        rows = await self._db.call_platform(_OLDEST, _BATCH, *refused)
        leaves = [Leaf(*row) for row in rows]
        return leaves[: _as_many_as_fit(leaves)]

    async def _send_and_delete(self, leaves: Sequence[Leaf]) -> None:
        try:
            await self._send(leaves)
        except (InvalidArgument, AlreadyExists, ResourceExhausted) as error:
            await self._isolate_refused(leaves, error)
            return
        tenants, events = zip(*((leaf.tenant_id, leaf.event_id) for leaf in leaves), strict=True)
        await self._db.call_platform(_DELETE, tenants, events)

    async def _isolate_refused(self, leaves: Sequence[Leaf], error: ServiceError) -> None:
        """Isolates a bad leaf by halving; it stays and is logged, and the others go on."""
        if len(leaves) > 1:
            middle = len(leaves) // 2
            await self._send_and_delete(leaves[:middle])
            await self._send_and_delete(leaves[middle:])
            return
        leaf = leaves[0]
        self._refused.add((leaf.tenant_id, leaf.event_id))
        name = f"tenants/{leaf.tenant_id}/events/{leaf.event_id}"
        _log.error("audit_event_refused", refused=name, reason=error.reason, detail=error.message)

    async def _send(self, leaves: Sequence[Leaf]) -> None:
        request = pb.RecordEventsRequest(events=[self._event(leaf) for leaf in leaves])
        try:
            await self._audit.RecordEvents(request, timeout=_CALL_SECONDS)
        except grpc.aio.AioRpcError as error:
            raise from_rpc(error) from None

    def _event(self, leaf: Leaf) -> pb.Event:
        return pb.Event(
            name=f"tenants/{leaf.tenant_id}/events/{leaf.event_id}",
            envelope=leaf.envelope,
            payload=leaf.payload,
            salt=leaf.salt,
            # Only leaves from before services signed have none; the table takes no more of them.
            signature=self._db.sign(leaf.envelope) if leaf.signature is None else leaf.signature,
        )

    async def _report(self) -> None:
        """Logs the backlog from time to time, and lets refused leaves be tried again."""
        if time.monotonic() - self._reported < _REPORT_SECONDS:
            return
        self._reported = time.monotonic()
        refused = len(self._refused)
        self._refused.clear()
        waiting = select(func.count(), func.min(AuditLeaf.occur_time)).select_from(AuditLeaf)
        async with self._db.housekeeping() as session:
            count, oldest = (await session.execute(waiting)).one()
        if count:
            _log.info("audit_backlog", leaves=count, oldest=oldest.isoformat(), refused=refused)


def _as_many_as_fit(leaves: Sequence[Leaf]) -> int:
    """Returns how many leaves fit into one message; at least one, if there are any."""
    bytes_left = _BATCH_BYTES
    for count, leaf in enumerate(leaves):
        bytes_left -= len(leaf.envelope) + len(leaf.payload)
        if bytes_left < 0:
            return max(count, 1)
    return len(leaves)
