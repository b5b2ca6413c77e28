"""Exports that tests make without a platform, and what the offline verifier finds wrong in them."""

import json

from gateway.cli import exports
from services.kernel.evidence import merkle, signed_notes
from services.kernel.evidence.event_signatures import EventKey, EventKeys
from tests.campaigns import forging
from tests.campaigns.tampering import Evidence, a_key, a_private_key

ERASURE = {
    "service": "audit",
    "method": "souk.audit.v1.AuditService/EraseEventPayload",
    "permission": "event:erase",
}
KEY = a_key()
SERVICE_KEY = a_private_key()


def records_of(tenant, events, *, without_payload=(), signed_from=0):
    """Writes the export of a log of these events, as its lines' records."""
    log, tree = signed_notes.origin(tenant), merkle.Frontier()
    records = [{"form": exports.FORM, "log": log, "size": len(events)}]
    for index, event in enumerate(events):
        payload = {"payload": event.payload.decode(), "salt": event.salt.hex()}
        payload = dict.fromkeys(payload) if index in without_payload else payload
        leaf = merkle.leaf_hash(event.envelope)
        signature = event.signature.hex() or None
        sealed = {"envelope": event.envelope.decode(), "leaf": leaf.hex(), "signature": signature}
        records.append({"index": index, **sealed, **payload})
        list(tree.append(leaf))
        note = KEY.sign(signed_notes.Checkpoint(log, tree.size, tree.root))
        records.append({"checkpoint": {"size": tree.size, "note": note}})
    facts = {"log": log, "size": tree.size, "root": tree.root.hex(), "time": "now"}
    head = json.dumps(facts if signed_from is None else facts | {"signed_from": signed_from})
    platform = signed_notes.Checkpoint(
        signed_notes.PLATFORM_ORIGIN, 1, merkle.leaf_hash(head.encode())
    )
    last = {"head": head, "index": 0, "hashes": [], "note": KEY.sign(platform)}
    return [*sorted(records, key=lambda one: "checkpoint" in one), {"platform": last}]


def flaw_of(records):
    return evidence_of(records[0]["log"]).flaw_of(records)


def flaw_of_file(lines, path):
    return forging.flaw_in_file(evidence_of(signed_notes.origin("paris")), "".join(lines), path)


def evidence_of(log):
    checkpoint = KEY.sign(signed_notes.Checkpoint(log, 0, merkle.EMPTY))
    services = (EventKey(name, SERVICE_KEY).public for name in ("catalog-opt-in", "audit"))
    return Evidence([KEY.public], EventKeys(services), checkpoint)
