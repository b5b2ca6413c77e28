"""Events that `audit verify` proves a minute, against bare JSON and SHA-256 of the same bytes."""

import asyncio
import hashlib
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gateway.cli.exports import FORM
from services.kernel.evidence import audit, merkle, signed_notes
from services.kernel.evidence.event_signatures import EventKey
from tests.load import table

EVENTS = 50_000
LOG = signed_notes.origin("paris")
FACTS: dict[str, Any] = {
    "service": "catalog-opt-in",
    "method": "souk.catalog_opt_in.v1.ListingService/CreateListing",
    "permission": "listing:write",
    "actor": "admins/user_01",
    "session": "ses_01",
    "request_id": "req-01",
    "occur_time": "2026-09-21T14:13:20.123456Z",
    "outcome": "DONE",
    "reason": "",
    "times": 1,
}
CHANGES = [
    {"field": name, "before": "", "after": '"a value"', "personal": False}
    for name in ("name", "product", "state", "title")
]


async def each_event() -> None:
    with tempfile.TemporaryDirectory() as folder:
        export, key, services = (
            Path(folder) / name for name in ("audit.ndjson", "checkpoint.pub", "services.pub")
        )
        await asyncio.to_thread(_make, export, key, services)
        began = time.perf_counter()
        await asyncio.to_thread(_bare, export)
        floor = EVENTS / (time.perf_counter() - began)
        began = time.perf_counter()
        command = ["-m", "gateway.cli", "audit", "verify", str(export)]
        command += ["--key", str(key), "--service-keys", str(services)]
        process = await asyncio.create_subprocess_exec(sys.executable, *command)
        assert await process.wait() == 0
        rate = EVENTS / (time.perf_counter() - began)
    table.head(f"Verifying an export of {EVENTS} events")
    table.rate("its lines as JSON, hashed (the floor)", floor, floor)
    table.rate("audit verify, from start to end", rate, floor)
    print(f"  {60 * rate:,.0f} events verified a minute", flush=True)


def _bare(export: Path) -> None:
    with export.open("rb") as file:
        for line in file:
            json.loads(line)
            hashlib.sha256(line).digest()


def _make(export: Path, key: Path, services: Path) -> None:
    """Writes an export as the gateway does, signed with keys of its own."""
    signer, frontier = signed_notes.LogKey(_private_key()), merkle.Frontier()
    service = EventKey(FACTS["service"], _private_key())
    key.write_text(signer.public.line() + "\n")
    services.write_text(service.public.line() + "\n")
    with export.open("w") as file:

        def write(record: object) -> None:
            file.write(json.dumps(record) + "\n")

        write({"form": FORM, "log": LOG, "size": EVENTS})
        for index in range(EVENTS):
            envelope, rest = _sealed(index)
            leaf = merkle.leaf_hash(envelope)
            rest |= {"leaf": leaf.hex(), "signature": service.sign(envelope).hex()}
            write({"index": index, "envelope": envelope.decode(), **rest})
            for _ in frontier.append(leaf):
                pass
        note = signer.sign(signed_notes.Checkpoint(LOG, EVENTS, frontier.root))
        write({"checkpoint": {"size": EVENTS, "note": note}})
        write({"platform": _platform(signer, frontier.root)})


def _private_key() -> str:
    pem = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    return pem.decode()


def _sealed(index: int) -> tuple[bytes, dict[str, str]]:
    name = f"tenants/paris/events/evt_{index:026}"
    facts = FACTS | {"event": name, "resource": f"tenants/paris/listings/prod_{index:026}"}
    made = audit.seal(facts, {"address": "192.0.2.7", "changes": CHANGES})
    return made.envelope, {"payload": made.payload.decode(), "salt": made.salt.hex()}


def _platform(signer: signed_notes.LogKey, root: bytes) -> dict[str, object]:
    """What a platform's tree of this one log says."""
    facts = {"log": LOG, "size": EVENTS, "root": root.hex(), "time": "2026-09-21"}
    head = json.dumps(facts | {"signed_from": 0})
    tree = signed_notes.Checkpoint(signed_notes.PLATFORM_ORIGIN, 1, merkle.leaf_hash(head.encode()))
    return {"head": head, "index": 0, "hashes": [], "note": signer.sign(tree)}
