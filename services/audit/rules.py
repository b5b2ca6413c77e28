"""Rules for events to be recorded, and how many fit into one answer."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import rfc8785

from services.kernel.call.redaction import LONGEST_USER_AGENT

MOST_EVENTS = 500
# In bytes: the first four are indexed, and PostgreSQL limits index entries to a third of a page.
LONGEST = {
    "service": 63,
    "method": 200,
    "resource": 1000,
    "actor": 400,
    "event": 400,
    "permission": 100,
    "session": 200,
    "request_id": 200,
    "occur_time": 40,
    "outcome": 10,
    "reason": 200,
    "payload_hash": 64,
}
_FACTS = frozenset(LONGEST) | {"times"}
_NEEDED = ("service", "method", "actor")
MOST_CHANGES = 1000
LONGEST_PAYLOAD = 1_000_000
SALT_BYTES = 16
# In bytes of payloads; a message has at most 4 MB, and the other fields their own limits.
PAGE_BYTES = 2_000_000


def opened(envelope: bytes) -> dict[str, Any] | None:
    """Parses an envelope; None if it is not a canonical JSON object (RFC 8785)."""
    try:
        facts = json.loads(envelope)
        if not isinstance(facts, dict) or rfc8785.dumps(facts) != envelope:
            return None
    except (ValueError, RecursionError):
        return None
    return facts


def faults(
    facts: Mapping[str, Any], *, name: str, teller: str, payload: bytes, salt: bytes
) -> list[str]:
    """Lists everything that is wrong with an event.

    `facts` is its parsed envelope. `teller` is the actor that sends it, such as
    services/catalog-opt-in: a service may only send its own events.
    """
    if facts.keys() != _FACTS or not all(isinstance(facts[field], str) for field in LONGEST):
        return [f"the envelope must have exactly the fields {', '.join(sorted(_FACTS))}"]
    found = [
        f"{field} has more than {most} bytes"
        for field, most in LONGEST.items()
        if len(facts[field].encode()) > most
    ]
    found += [f"{field} contains a null character" for field in LONGEST if "\x00" in facts[field]]
    found += [f"{field} is missing" for field in _NEEDED if not facts[field]]
    if facts["event"] != name:
        found.append("the envelope belongs to another event")
    if facts["service"] and teller != f"services/{facts['service']}":
        found.append(f"service does not match the caller {teller}")
    if moment(facts["occur_time"]) is None:
        found.append("occur_time is not a valid time")
    if facts["outcome"] not in ("DONE", "DENIED"):
        found.append("outcome must be DONE or DENIED")
    if type(facts["times"]) is not int or not 0 < facts["times"] < 2**31:
        found.append("times must be a positive integer")
    return found + _faults_of_payload(facts["payload_hash"], payload, salt)


def _faults_of_payload(commitment: str, payload: bytes, salt: bytes) -> list[str]:
    if len(payload) > LONGEST_PAYLOAD:
        return [f"payload has more than {LONGEST_PAYLOAD} bytes"]
    if len(salt) != SALT_BYTES:
        return [f"salt must have {SALT_BYTES} bytes"]
    if hashlib.sha256(salt + payload).hexdigest() != commitment:
        return ["payload does not match payload_hash"]
    content = opened(payload)
    if content is None or not _is_payload(content):
        return ["payload must have exactly address, user_agent and changes"]
    return []


def _is_payload(content: Mapping[str, Any]) -> bool:
    changes = content.get("changes")
    return (
        content.keys() - {"user_agent"} == {"address", "changes"}  # older events lack it
        and isinstance(content["address"], str)
        and isinstance(content.get("user_agent", ""), str)
        and len(content.get("user_agent", "")) <= LONGEST_USER_AGENT
        and isinstance(changes, list)
        and len(changes) <= MOST_CHANGES
        and all(isinstance(change, dict) and _is_change(change) for change in changes)
    )


def _is_change(change: Mapping[str, Any]) -> bool:
    kinds = {"field": str, "before": str, "after": str, "personal": bool}
    return change.keys() == kinds.keys() and all(
        type(change[name]) is kind for name, kind in kinds.items()
    )


def moment(text: str) -> datetime | None:
    """Parses the time of an envelope; None if it has another format."""
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    except ValueError:
        return None


def fitting(sizes: Sequence[int]) -> int:
    """Returns how many events of these sizes fit into one answer; at least 1."""
    room = PAGE_BYTES
    for count, size in enumerate(sizes):
        room -= size
        if room < 0:
            return max(count, 1)
    return len(sizes)
