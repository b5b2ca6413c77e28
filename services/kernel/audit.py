"""The audit leaf: what was done, in the transaction that did it."""

import json
from datetime import UTC, datetime
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.names import new_id
from services.kernel.scope import current_method, current_scope
from services.kernel.tables import AuditLeaf

# They change with every act, and say nothing that the event itself does not.
_BOOKKEEPING = frozenset({"etag", "create_time", "update_time"})
_MAX_VALUE = 4096


def record(
    session: AsyncSession,
    *,
    resource: str,
    before: Message | None = None,
    after: Message | None = None,
    tenant: str | None = None,
    outcome: str = "DONE",
) -> None:
    """Adds the event of the act being served to its transaction; `outcome` is DONE or DENIED.

    `before` and `after` are the resource as callers see it; only fields that differ are kept.
    `tenant` says whose log it goes to: by default the scope's tenant, and the head office's for
    what belongs to no tenant.
    """
    scope = current_scope()
    service, _, _ = current_method().removeprefix("souk.").partition(".")
    leaf = AuditLeaf(
        tenant_id=tenant or session.info["home"],
        event_id=new_id("evt"),
        service=service.replace("_", "-"),
        method=current_method(),
        resource=resource,
        actor=scope.actor,
        request_id=scope.request_id,
        occur_time=datetime.now(UTC),
        outcome=outcome,
        changes=json.dumps(changes(before, after), ensure_ascii=False),
    )
    session.add(leaf)
    session.info.setdefault("leaves", []).append(leaf)


def changes(before: Message | None, after: Message | None) -> list[dict[str, str]]:
    """Compares two states of a resource: [{"field", "before", "after"}], the values as JSON."""
    old, new = _fields(before), _fields(after)
    return [
        {"field": field, "before": _json(old.get(field)), "after": _json(new.get(field))}
        for field in sorted(old.keys() | new.keys())
        if field not in _BOOKKEEPING and old.get(field) != new.get(field)
    ]


def _fields(message: Message | None) -> dict[str, Any]:
    if message is None:
        return {}
    return MessageToDict(message, preserving_proto_field_name=True)


def _json(value: object) -> str:
    """Renders a value; a long one is cut, which the mark at its end shows."""
    if value is None:
        return ""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= _MAX_VALUE else text[:_MAX_VALUE] + "…"
