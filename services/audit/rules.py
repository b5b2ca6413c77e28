"""Rules for events to be recorded, and how many fit into one answer."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from services.kernel.evidence import sealed_form

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
_NEEDED = ("service", "method", "actor")
# In bytes of payloads; a message has at most 4 MB, and the other fields their own limits.
PAGE_BYTES = 2_000_000


def faults(
    facts: Mapping[str, Any], *, name: str, caller: str, payload: bytes, salt: bytes
) -> list[str]:
    """Lists everything that is wrong with an event.

    `facts` is its parsed envelope. `caller` is the actor that sends it, such as
    services/catalog-opt-in: a service may only send its own events.
    """
    if not sealed_form.is_envelope(facts):
        return [f"the envelope must have exactly the fields {', '.join(sorted(sealed_form.FACTS))}"]
    found = [
        f"{field} has more than {most} bytes"
        for field, most in LONGEST.items()
        if len(facts[field].encode()) > most
    ]
    found += [f"{field} contains a null character" for field in LONGEST if "\x00" in facts[field]]
    found += [f"{field} is missing" for field in _NEEDED if not facts[field]]
    if facts["event"] != name:
        found.append("the envelope belongs to another event")
    if facts["service"] and caller != f"services/{facts['service']}":
        found.append(f"service does not match the caller {caller}")
    if moment(facts["occur_time"]) is None:
        found.append("occur_time is not a valid time")
    if facts["outcome"] not in ("DONE", "DENIED"):
        found.append("outcome must be DONE or DENIED")
    if not 0 < facts["times"] < 2**31:
        found.append("times must be a positive integer")
    flaw = sealed_form.payload_flaw(payload, salt, facts["payload_hash"])
    return [*found, flaw] if flaw else found


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
