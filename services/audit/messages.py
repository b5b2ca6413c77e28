"""Converts events between rows and messages."""

import json
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from souk.audit.v1 import audit_service_pb2 as pb

from services.audit import queries, rules
from services.audit.models import Event
from services.kernel.call import names
from services.kernel.call.errors import FailedPrecondition, InvalidArgument
from services.kernel.call.scope import current_scope
from services.kernel.evidence import sealed_form
from services.kernel.process.logs import logger

_log = logger()
NAME = "tenants/{tenant}/events/{event}"
_SHOWN = (
    *("service", "method", "resource", "actor", "request_id"),
    *("session", "permission", "reason", "times"),
)
_ERASED = b'{"address":"","changes":[]}'
_COLUMNS = ("service", "method", "resource", "actor", "outcome")


def incoming(event: pb.Event, *, at: int) -> queries.Incoming:
    """Converts an event from a service into its rows.

    Raises:
        InvalidArgument: NAME_INVALID or EVENT_INVALID, with the event's index in the request.
    """
    tenant_id, event_id = names.parse(event.name, NAME)
    facts = sealed_form.document(event.envelope)
    faults = ["the envelope is not canonical JSON"]
    if facts is not None:
        faults = rules.faults(
            facts,
            name=event.name,
            caller=current_scope().actor,
            payload=event.payload,
            salt=event.salt,
        )
    if facts is None or faults:
        reasons = "; ".join(faults)
        raise InvalidArgument("EVENT_INVALID", reasons, {f"events[{at}]": reasons})
    row = {name: facts[name] for name in _COLUMNS} | {
        "tenant_id": tenant_id,
        "event_id": event_id,
        "occur_time": rules.moment(facts["occur_time"]),
        "envelope": event.envelope,
    }
    return queries.Incoming(row, event.salt, event.payload)


def shown(kept: queries.Kept) -> pb.Event:
    """Builds an event from its envelope, which is what is proven, and its payload.

    Raises:
        FailedPrecondition: EVENT_CHANGED, if the columns contradict the envelope: somebody has
            altered the row, and lists by these columns would hide it.
    """
    facts: dict[str, Any] = json.loads(kept.event.envelope)
    _require_unchanged(kept.event, facts)
    content: dict[str, Any] = json.loads(kept.payload.payload if kept.payload else _ERASED)
    occurred = Timestamp()
    occurred.FromJsonString(facts["occur_time"])
    return pb.Event(
        name=facts["event"],
        occur_time=occurred,
        outcome=pb.Event.Outcome.Value(f"OUTCOME_{facts['outcome']}"),
        changes=[pb.Change(**change) for change in content["changes"]],
        address=content["address"],
        user_agent=content.get("user_agent", ""),
        envelope=kept.event.envelope,
        payload=kept.payload.payload if kept.payload else b"",
        salt=kept.payload.salt if kept.payload else b"",
        is_erased=kept.payload is None,
        **{name: facts[name] for name in _SHOWN},
    )


def _require_unchanged(event: Event, facts: dict[str, Any]) -> None:
    name = f"tenants/{event.tenant_id}/events/{event.event_id}"
    columns = {column: getattr(event, column) for column in _COLUMNS}
    is_same = facts["event"] == name and all(facts[c] == text for c, text in columns.items())
    if not is_same or rules.moment(facts["occur_time"]) != event.occur_time:
        _log.error("audit_event_changed", changed=name)
        raise FailedPrecondition(
            "EVENT_CHANGED",
            f"{name} was altered in the database. Contact the platform.",
            event=name,
        )
