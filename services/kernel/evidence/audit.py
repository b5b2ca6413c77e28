"""Audit leaves: records of what was done, sealed in the transaction that did it.

A leaf is never rewritten. Its envelope says who did what to what, and commits to the payload by a
salted hash; the payload holds the changes and personal data. So a payload can be erased later, and
every proof of the envelope still holds. The service signs the envelope, so nobody else can make one
up: not even who can write into its database, or into that of the audit service.
"""

import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from google.protobuf.message import Message

from services.kernel.call import method_rules
from services.kernel.call.names import new_id
from services.kernel.call.scope import current_method, current_scope
from services.kernel.data.tables import AuditLeaf
from services.kernel.evidence.changes import changes
from services.kernel.evidence.sealed_form import SALT_BYTES, canonical


class Transaction(Protocol):
    """A session of the kernel's, or an act without an ORM."""

    @property
    def info(self) -> dict[Any, Any]: ...

    def in_nested_transaction(self) -> bool: ...


def record(
    session: Transaction,
    *,
    resource: str,
    before: Message | None = None,
    after: Message | None = None,
    tenant: str | None = None,
    outcome: str = "DONE",
    actor: str = "",
    attempt: str = "",
    reason: str = "",
    times: int = 1,
) -> None:
    """Adds the event of the current act to its transaction; `outcome` is DONE or DENIED.

    `before` and `after` are the resource as callers see it; only fields that differ are kept, and
    never a secret. `tenant` selects the log: by default the scope's tenant, or the head office for
    what belongs to no tenant. `actor` defaults to the scope's, and `attempt` to the method being
    served.
    """
    if session.in_nested_transaction():
        raise RuntimeError("an event must be recorded in a whole transaction, not in a savepoint")
    scope, method = current_scope(), current_method()
    tenant_id, event_id = tenant or session.info["home"], new_id("evt")
    now = datetime.now(UTC)
    facts = {
        "event": f"tenants/{tenant_id}/events/{event_id}",
        "service": method.removeprefix("souk.").partition(".")[0].replace("_", "-"),
        "method": attempt or method,
        "permission": method_rules.permission_of(attempt or method),
        "resource": resource,
        "actor": actor or scope.actor,
        "session": scope.session,
        "request_id": scope.request_id,
        "occur_time": format_time(now),
        "outcome": outcome,
        "reason": reason,
        "times": times,
    }
    payload = {
        "address": scope.address,
        "user_agent": scope.user_agent,
        "changes": changes(before, after),
    }
    sealed = seal(facts, payload)
    sign: Callable[[bytes], bytes] = session.info["sign"]
    leaf = AuditLeaf(
        tenant_id=tenant_id,
        event_id=event_id,
        occur_time=now,
        envelope=sealed.envelope,
        payload=sealed.payload,
        salt=sealed.salt,
        signature=sign(sealed.envelope),
    )
    session.info.setdefault("leaves", []).append(leaf)


@dataclass(frozen=True)
class Sealed:
    """An event as it is stored and proven: two canonical JSON documents (RFC 8785) and a salt."""

    envelope: bytes
    payload: bytes
    salt: bytes


def seal(facts: Mapping[str, Any], payload: Mapping[str, Any]) -> Sealed:
    """Makes the bytes of an event; the salt keeps an erased payload from being guessed."""
    salt, content = secrets.token_bytes(SALT_BYTES), canonical(payload)
    commitment = hashlib.sha256(salt + content).hexdigest()
    return Sealed(canonical({**facts, "payload_hash": commitment}), content, salt)


def format_time(moment: datetime) -> str:
    """Formats a time as in envelopes: UTC, to the microsecond."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
