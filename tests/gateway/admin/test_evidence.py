"""Receipts, proofs and exports over HTTP; and the command that verifies them offline."""

import asyncio
import csv
import io
import json
import subprocess
import sys
import time
from typing import Any

import pytest
from souk.audit.v1.audit_service_pb2 import Event
from souk.audit.v1.proof_service_pb2 import Entry

from gateway.admin.exports import plain
from gateway.cli import audit, exports
from gateway.documents.cloudevent import cloudevent
from services.kernel.evidence import merkle, signed_notes
from services.kernel.evidence.event_signatures import EventKeys
from tests.gateway.admin.answers import refused

SECONDS_TO_ARRIVE = 20


async def until(ask, status=200):
    """Asks until the answer is there: events take a moment to get their place."""
    end = time.monotonic() + SECONDS_TO_ARRIVE
    while (answer := await ask()).status_code != status and time.monotonic() < end:
        await asyncio.sleep(0.05)
    assert answer.status_code == status, answer.text
    return answer


@pytest.fixture
async def shop(admin, make_tenant):
    """A tenant with one event, its making, that has its place; and where its log is."""
    made = await make_tenant()
    log = f"/admin/tenants/{made['id']}"
    await until(lambda: admin.get(f"{log}/audit-checkpoint"))
    return log


@pytest.fixture
def keys(platform):
    return signed_notes.read_keys((platform.secrets / "checkpoint.pub").read_text())


async def making(admin, shop):
    """Reads the event of the tenant's making."""
    resource = f"tenants/{shop.rpartition('/')[2]}"
    answer = await admin.get(f"{shop}/audit-events?resource={resource}")
    [event] = answer.json()["audit_events"]
    return event


async def test_a_receipt_proves_its_event(admin, shop, keys):
    event = await making(admin, shop)

    answer = await until(lambda: admin.get(f"{shop}/audit-events/{event['id']}/receipt"))

    receipt = answer.json()["receipt"]
    leaf = merkle.leaf_hash(receipt["envelope"].encode())
    signed = signed_notes.verified(receipt["checkpoint"]["note"], keys)
    hashes = [bytes.fromhex(one) for one in receipt["hashes"]]
    assert merkle.is_included(leaf, receipt["index"], signed.size, hashes, signed.root)
    assert receipt["event"] == event
    proof = (await admin.get(f"{shop}/audit-events/{event['id']}/proof")).json()["proof"]
    # Where the platform's tree has the head is told anew: a witness may have cosigned it meanwhile.
    for document in (receipt, proof):
        del document["checkpoint"]["platform"]
    assert {name: receipt[name] for name in proof} == proof


async def test_checkpoints_are_consistent(admin, shop, keys):
    old = (await admin.get(f"{shop}/audit-checkpoint")).json()["audit_checkpoint"]
    await admin.patch(shop, json={"display_name": "Another name"})

    async def newer():
        answer = await admin.get(f"{shop}/audit-checkpoint")
        answer.status_code += answer.json()["audit_checkpoint"]["size"] <= old["size"]
        return answer

    new = (await until(newer)).json()["audit_checkpoint"]
    sizes = f"from={old['size']}&to={new['size']}"
    found = (await admin.get(f"{shop}/audit-checkpoint/consistency?{sizes}")).json()["consistency"]

    before, after = (signed_notes.verified(one["note"], keys) for one in (old, new))
    hashes = [bytes.fromhex(one) for one in found["hashes"]]
    assert merkle.is_consistent(before.size, before.root, after.size, after.root, hashes)


@pytest.mark.parametrize("sizes", ["from=2&to=1", "from=0&to=100000", "from=-1&to=1", "from=1"])
async def test_sizes_that_cannot_be_are_refused(admin, shop, sizes):
    answer = await admin.get(f"{shop}/audit-checkpoint/consistency?{sizes}")

    assert answer.status_code == 400


def run(module, *words):
    command = [sys.executable, "-m", module, *words]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.mark.parametrize("form", ["ndjson", "csv"])
async def test_an_export_is_verified_offline(admin, platform, form, tmp_path):
    file, saved = tmp_path / f"paris.{form}", tmp_path / "kept.json"
    saved.write_text((await admin.get("/admin/tenants/paris/audit-checkpoint")).text)
    async with admin.stream(
        "GET", f"/admin/tenants/paris/audit-events/export?format={form}"
    ) as answer:
        assert answer.status_code == 200
        file.write_bytes(await answer.aread())
    key, services = (str(platform.secrets / f"{name}.pub") for name in ("checkpoint", "services"))
    command = ["audit", "verify", str(file), "--key", key, "--service-keys", services]
    command += ["--checkpoint", str(saved)]

    done = await asyncio.to_thread(run, "gateway.cli", *command)
    file.write_text(file.read_text().replace("CreateListing", "DeleteListing", 1))
    changed = await asyncio.to_thread(run, "gateway.cli.audit", *command[1:])

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("GOOD: souk.dev/audit/tenants/paris has ")
    assert changed.returncode == 1
    assert changed.stderr.startswith("BAD: ")


def test_the_verifier_needs_no_more_than_cryptography():
    """An auditor reads it in an evening, and runs it without the platform's packages."""
    script = "import sys, gateway.cli.audit; print(' '.join(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout

    ours = {name for name in loaded.split() if name.startswith(("services", "gateway"))}
    assert ours == {
        *("gateway", "gateway.cli", "gateway.cli.audit", "gateway.cli.exports"),
        *("services", "services.kernel", "services.kernel.call", "services.kernel.call.redaction"),
        "services.kernel.call.strict_json",
        *(
            f"services.kernel.evidence{module}"
            for module in ("", ".event_signatures", ".merkle", ".sealed_form", ".signed_notes")
        ),
    }
    assert not {"grpc", "sqlalchemy", "fastapi", "google", "pydantic"} & set(loaded.split())


async def test_an_export_as_cloudevents_has_an_ocsf_class(admin):
    answer = await admin.get("/admin/tenants/paris/audit-events/export?format=cloudevents")

    events = [json.loads(line) for line in answer.text.splitlines()]
    assert [event["soukindex"] for event in events] == list(range(len(events)))
    made = next(event for event in events if event["type"].endswith(".CreateListing"))
    assert (made["specversion"], made["data"]["class_uid"]) == ("1.0", 6003)
    assert made["data"]["type_uid"] == 600301
    assert made["data"]["metadata"]["tenant_uid"] == "paris"
    assert made["source"] == "//souk.dev/tenants/paris/services/catalog-opt-in"


@pytest.mark.parametrize("tenant", ["paris", "lyon"])
@pytest.mark.parametrize(
    ("outcome", "kind"),
    [(Event.OUTCOME_DENIED, "Refused"), (Event.OUTCOME_DONE, "UsedAccessGrant")],
    ids=["refused", "done"],
)
def test_events_of_gateway_routes_have_a_cloudevents_type_by_outcome(tenant, outcome, kind):
    event = Event(
        name=f"tenants/{tenant}/events/evt_1",
        service="tenant-registry",
        method="GET /admin/tenants/{tenant_id}/products",
        outcome=outcome,
    )

    made: dict[str, Any] = cloudevent(Entry(event=event))

    assert made["type"] == f"dev.souk.audit.{kind}"
    assert made["data"]["api"]["operation"] == event.method
    assert (made["data"]["class_uid"], made["data"]["activity_id"]) == (6003, 99)


async def test_a_csv_export_is_a_table(admin):
    answer = await admin.get("/admin/tenants/lyon/audit-events/export?format=csv")

    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["index"] for row in rows if row["index"]] == [
        str(n) for n in range(len(rows) - sum(not row["index"] for row in rows))
    ]
    assert all("/lyon/" in row["envelope"] for row in rows if row["index"])


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_spreadsheet_takes_no_text_for_a_formula(text):
    assert plain(text) == f"'{text}"
    assert plain(f"admins/{text}") == f"admins/{text}"


async def test_an_erased_payload_is_gone_and_everything_still_verifies(
    admin, shop, platform, tmp_path
):
    event = await making(admin, shop)
    assert event["changes"]
    # Who runs the platform may erase; who runs the tenant holds no such permission.
    opening = {"reason": "somebody asked to be forgotten", "minutes": 5}
    (await admin.post(f"{shop}/access-grants", json=opening)).raise_for_status()

    erased = await admin.post(f"{shop}/audit-events/{event['id']}/erase-payload")
    again = await admin.post(f"{shop}/audit-events/{event['id']}/erase-payload")

    assert erased.json()["audit_event"]["is_erased"] is again.json()["audit_event"]["is_erased"]
    assert erased.json()["audit_event"]["changes"] == []
    assert event["user_agent"]
    assert erased.json()["audit_event"]["user_agent"] == ""

    async def erasure_events():
        answer = await admin.get(f"{shop}/audit-events?resource=tenants/{shop.split('/')[3]}"
                                 f"/events/{event['id']}")  # fmt: skip
        answer.status_code += not answer.json()["audit_events"]
        return answer

    [trace] = (await until(erasure_events)).json()["audit_events"]
    assert trace["method"].endswith("/EraseEventPayload")
    answer = await until(lambda: admin.get(f"{shop}/audit-events/{trace['id']}/receipt"))
    file = tmp_path / "log.ndjson"
    file.write_text((await admin.get(f"{shop}/audit-events/export")).text)
    services = EventKeys.read((platform.secrets / "services.pub").read_text())
    export = exports.read(file, services)
    assert export.erased == 1
    assert len(export.leaves) > answer.json()["receipt"]["index"]
    audit.verify(export, signed_notes.read_keys((platform.secrets / "checkpoint.pub").read_text()))


async def test_another_tenants_evidence_is_not_shown(admin, shop):
    event = (await admin.get("/admin/tenants/paris/audit-events")).json()["audit_events"][0]

    for kind in ("receipt", "proof"):
        answer = await admin.get(f"{shop}/audit-events/{event['id']}/{kind}")
        refused(answer, 404, "EVENT_NOT_FOUND")
