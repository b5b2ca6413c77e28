"""Converts events between rows and messages."""

import json
from collections.abc import Mapping
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from souk.audit.v1 import audit_service_pb2 as pb

from services.audit import queries, rules
from services.audit.models import Event, EventPayload
from services.kernel.call import names
from services.kernel.call.errors import FailedPrecondition, InvalidArgument
from services.kernel.call.scope import current_scope
from services.kernel.evidence import sealed_form
from services.kernel.evidence.event_signatures import EventKeys
from services.kernel.process.logs import logger
from services.kernel.process.secret_files import Secret

_log = logger()
NAME = "tenants/{tenant}/events/{event}"
_ENVELOPE_FIELDS = (
    *("service", "method", "resource", "actor", "request_id"),
    *("session", "permission", "reason", "times"),
)
_NO_CONTENT: dict[str, Any] = {"address": "", "changes": []}
_COLUMNS = ("service", "method", "resource", "actor", "outcome")


def parse_incoming(event: pb.Event, *, index: int, keys: Secret[EventKeys]) -> queries.Incoming:
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
        if not faults and not is_signed(
            event.envelope, facts, event.signature, keys, including_revoked=False
        ):
            faults = [f"the envelope is not signed by a known key of {facts['service']}"]
    if facts is None or faults:
        reasons = "; ".join(faults)
        raise InvalidArgument("EVENT_INVALID", reasons, {f"events[{index}]": reasons})
    row = {name: facts[name] for name in _COLUMNS} | {
        "tenant_id": tenant_id,
        "event_id": event_id,
        "occur_time": rules.moment(facts["occur_time"]),
        "envelope": event.envelope,
        "signature": event.signature,
    }
    return queries.Incoming(row, event.salt, event.payload)


def is_signed(
    envelope: bytes,
    facts: Mapping[str, Any],
    signature: bytes,
    keys: Secret[EventKeys],
    *,
    including_revoked: bool,
) -> bool:
    """Returns whether the service that an envelope names has signed it."""
    return any(
        key_set().have_signed(
            envelope, str(facts["service"]), signature, including_revoked=including_revoked
        )
        for key_set in (keys, keys.again)
    )


def event_message(stored: queries.StoredEvent, keys: Secret[EventKeys]) -> pb.Event:
    """Builds an event from its envelope, which is what is proven, and its payload.

    Raises:
        FailedPrecondition: EVENT_CHANGED, if the signature, the payload or the columns contradict
            the envelope: somebody has altered a row, or made the event up.
    """
    facts = _facts(stored.event)
    envelope, signature = stored.event.envelope, stored.event.signature
    if signature is not None and not is_signed(
        envelope, facts, signature, keys, including_revoked=True
    ):
        raise _changed(stored.event)
    if stored.payload is not None and _payload_flaw(facts, stored.payload):
        raise _changed(stored.event)
    return _message(stored, facts)


def exported_message(stored: queries.StoredEvent) -> pb.Event:
    """Builds an event for exports, where the verifier judges what contradicts the envelope.

    Of a payload that the envelope does not commit to, only the bytes are returned.

    Raises:
        FailedPrecondition: EVENT_CHANGED, if the columns, which exports leave out, contradict it.
    """
    return _message(stored, _facts(stored.event))


def _message(stored: queries.StoredEvent, facts: Mapping[str, Any]) -> pb.Event:
    content = _NO_CONTENT
    if stored.payload is not None and not _payload_flaw(facts, stored.payload):
        content = json.loads(stored.payload.payload)
    occurred = Timestamp()
    occurred.FromJsonString(facts["occur_time"])
    return pb.Event(
        name=facts["event"],
        occur_time=occurred,
        outcome=pb.Event.Outcome.Value(f"OUTCOME_{facts['outcome']}"),
        changes=[pb.Change(**change) for change in content["changes"]],
        address=content["address"],
        user_agent=content.get("user_agent", ""),
        envelope=stored.event.envelope,
        signature=stored.event.signature or b"",
        payload=stored.payload.payload if stored.payload else b"",
        salt=stored.payload.salt if stored.payload else b"",
        is_erased=stored.payload is None,
        **{name: facts[name] for name in _ENVELOPE_FIELDS},
    )


def _payload_flaw(facts: Mapping[str, Any], stored: EventPayload) -> str:
    return sealed_form.payload_flaw(stored.payload, stored.salt, facts["payload_hash"])


def _facts(event: Event) -> dict[str, Any]:
    """Parses an envelope, which the columns must not contradict: lists by them would hide it."""
    facts = sealed_form.document(event.envelope)
    if facts is None or not sealed_form.is_envelope(facts):
        raise _changed(event)
    columns = {column: getattr(event, column) for column in _COLUMNS}
    is_same = facts["event"] == _name(event) and columns.items() <= facts.items()
    if not is_same or rules.moment(facts["occur_time"]) != event.occur_time:
        raise _changed(event)
    return facts


def _changed(event: Event) -> FailedPrecondition:
    name = _name(event)
    _log.error("audit_event_changed", changed=name)
    return FailedPrecondition(
        "EVENT_CHANGED",
        f"{name} was altered in the database. Contact the platform.",
        event=name,
    )


def _name(event: Event) -> str:
    return f"tenants/{event.tenant_id}/events/{event.event_id}"
