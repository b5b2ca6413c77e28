"""Refusals of known callers: each is recorded as an event before it is sent.

Floods are bounded: repeats of a refusal within a second are counted, and recorded as one event at
its end. The first one is always recorded before the caller is told.
"""

from dataclasses import dataclass, replace
from functools import partial

from google.protobuf.message import Message

from services.kernel.call.redaction import redacted
from services.kernel.call.scope import current_method, current_scope
from services.kernel.data.database import Database
from services.kernel.evidence import audit
from services.kernel.evidence.coalescing import Coalescer

_LONGEST_NAME = 200  # in bytes, as the audit service counts


@dataclass(frozen=True)
class Denial:
    """A refusal; `tenant` selects the log, by default the scope's own.

    `attempt` is what was tried, if not the call being served.
    """

    resource: str
    reason: str
    actor: str = ""
    tenant: str | None = None
    attempt: str = ""


class Denials:
    """Records refusals in short transactions of their own."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._coalescer = Coalescer()

    async def record(self, denial: Denial) -> None:
        """Returns once the refusal is recorded, or counted in an open window.

        Raises:
            ServiceError: the refusal cannot be stored, so it must not be sent either.
        """
        scope = current_scope()
        # Different attempts at the same thing share one event a second, which names the first.
        key = (scope.tenant, scope.actor, current_method(), replace(denial, attempt=""))
        await self._coalescer.count(key, partial(self._record_event, denial))

    async def _record_event(self, denial: Denial, times: int) -> None:
        transaction = self._db.platform() if current_scope().tenant is None else self._db.tenant()
        async with transaction as session:
            audit.record(
                session,
                resource=denial.resource,
                tenant=denial.tenant,
                outcome="DENIED",
                actor=denial.actor,
                attempt=denial.attempt,
                reason=denial.reason,
                times=times,
            )


def named_resource(request: Message) -> str:
    """Returns the resource that a request names, in a form that is safe to log."""
    for field in ("name", "parent"):
        name = getattr(request, field, "")
        if isinstance(name, str) and name:
            return loggable_name(name)
    return ""


def loggable_name(name: str) -> str:
    """Returns a caller-supplied name in a form that is safe to put into an event."""
    truncated = name.replace("\x00", "").encode(errors="replace")[:_LONGEST_NAME]
    return redacted(truncated.decode(errors="ignore"))
