"""The form of a sealed event: its envelope, its salt and its payload.

Depends only on the standard library: the audit service checks events by it on arrival, and the
offline verifier checks exports by it.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from services.kernel.call.redaction import LONGEST_USER_AGENT

SALT_BYTES = 16
MOST_CHANGES = 1000
LONGEST_PAYLOAD = 1_000_000  # in bytes

FACTS = frozenset(
    {
        *("event", "service", "method", "permission", "resource", "actor", "session"),
        *("request_id", "occur_time", "outcome", "reason", "times", "payload_hash"),
    }
)
_CHANGE = {"field": str, "before": str, "after": str, "personal": bool}
_OPTIONAL_CHANGE_FIELDS = frozenset({"before_sha256", "after_sha256"})


def canonical(document: Mapping[str, Any]) -> bytes:
    """Writes canonical JSON (RFC 8785) of keys in ASCII and values without fractions.

    For such a document the standard library writes the same bytes, forty times as fast as what
    writes any; a test compares them.
    """
    return json.dumps(
        document, ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True
    ).encode()


def document(text: bytes | str) -> dict[str, Any] | None:
    """Parses what `canonical` writes; None if it is anything else than such an object.

    No other text with the same meaning passes, so also no key stands there twice.
    """
    try:
        parsed = json.loads(text)
        data = text.encode() if isinstance(text, str) else text
        is_canonical = isinstance(parsed, dict) and canonical(parsed) == data
    except (ValueError, RecursionError):
        return None
    return parsed if is_canonical else None


def is_envelope(facts: Mapping[str, Any]) -> bool:
    """Returns whether these are exactly the facts of an envelope, each of its type."""
    return facts.keys() == FACTS and all(
        type(fact) is (int if name == "times" else str) for name, fact in facts.items()
    )


def payload_flaw(payload: bytes, salt: bytes, commitment: object) -> str:
    """Tells why this is not the payload that an envelope commits to; empty if it is.

    `commitment` is the envelope's payload_hash: SHA-256 over the salt, then the payload. Were the
    salt of any length, bytes could move from the payload into it without changing that hash.
    """
    if len(payload) > LONGEST_PAYLOAD:
        return f"payload has more than {LONGEST_PAYLOAD} bytes"
    if len(salt) != SALT_BYTES:
        return f"salt must have {SALT_BYTES} bytes"
    if hashlib.sha256(salt + payload).hexdigest() != commitment:
        return "payload does not match payload_hash"
    content = document(payload)
    if content is None or not _is_payload(content):
        return "payload must have exactly address, user_agent and changes"
    return ""


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
    return change.keys() - _OPTIONAL_CHANGE_FIELDS == _CHANGE.keys() and all(
        type(value) is _CHANGE.get(name, str) for name, value in change.items()
    )
