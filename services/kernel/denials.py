"""Refusals of those who are known: each leaves an event before it is sent.

A flood is bounded: the same refusal again within a second is counted, and all that were counted
are one event at the end of it. The first one is always recorded before anybody is told.
"""

from dataclasses import dataclass, replace
from functools import partial

from google.protobuf.message import Message

from services.kernel import audit
from services.kernel.counting import Counting
from services.kernel.db import Database
from services.kernel.redaction import redacted
from services.kernel.scope import current_method, current_scope

_LONGEST_NAME = 200  # in bytes, as the audit service counts


@dataclass(frozen=True)
class Denial:
    """What was refused; `tenant` is whose log tells it, None for the scope's own.

    `attempt` is what was tried when that is not the call being served.
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
        self._counting = Counting()

    async def record(self, denial: Denial) -> None:
        """Returns when the refusal of the call being served is recorded, or a window counts it.

        Raises:
            ServiceError: the database does not take it: then nobody may be told either.
        """
        scope = current_scope()
        # Who tries many ways to one place leaves one event a second, of the first of them.
        key = (scope.tenant, scope.actor, current_method(), replace(denial, attempt=""))
        await self._counting.count(key, partial(self._leave, denial))

    async def _leave(self, denial: Denial, times: int) -> None:
        door = self._db.platform() if current_scope().tenant is None else self._db.tenant()
        async with door as session:
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


def about(request: Message) -> str:
    """Tells what a request was about, as far as a log may keep what somebody made up."""
    for field in ("name", "parent"):
        named = getattr(request, field, "")
        if isinstance(named, str) and named:
            return spelled(named)
    return ""


def spelled(name: str) -> str:
    """Gives a name that somebody asked for as an event may have it."""
    cut = name.replace("\x00", "").encode(errors="replace")[:_LONGEST_NAME]
    return redacted(cut.decode(errors="ignore"))
