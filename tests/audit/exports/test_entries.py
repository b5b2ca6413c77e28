"""What the offline verifier believes of an export's payloads, signatures and seals."""

import hashlib
import json

import pytest
import rfc8785

from gateway.cli import exports
from services.kernel.evidence import sealed_form
from services.kernel.evidence.event_signatures import EventKey
from tests.audit.conftest import signed_events
from tests.audit.exports.made_exports import (
    ERASURE,
    SERVICE_KEY,
    evidence_of,
    flaw_of,
    flaw_of_file,
    records_of,
)
from tests.campaigns import forging
from tests.campaigns.tampering import a_private_key

SETTLES = "erased during the export, export again"


@pytest.mark.parametrize("tenant", ["paris", "lyon"])
def test_a_missing_payload_is_believed_when_a_later_entry_erased_it(event, tenant):
    first = event(tenant)
    erasures = [event(tenant, **ERASURE, resource=first.name)]
    erasures.append(event(tenant, **ERASURE, resource=erasures[0].name))

    assert flaw_of(records_of(tenant, [first, *erasures], without_payload=(0, 1))) == ""


@pytest.mark.parametrize(
    "facts",
    [
        {"outcome": "DENIED"},
        {"method": "souk.audit.v1.AuditService/GetEvent"},
        {"service": "catalog-opt-in"},
        {"resource": "tenants/paris/events/evt_another"},
    ],
    ids=str,
)
def test_only_its_own_erasure_explains_a_missing_payload(event, facts):
    events = [event("paris"), event("paris")]
    events.append(event("paris", **ERASURE | {"resource": events[1].name} | facts))

    flaw = flaw_of(records_of("paris", events, without_payload=(1,)))

    assert flaw.startswith("entry 1 has no payload")


def test_an_earlier_entry_erased_nothing(event):
    last = event("paris")
    events = [event("paris", **ERASURE, resource=last.name), last]

    assert flaw_of(records_of("paris", events, without_payload=(1,))).startswith(
        "entry 1 has no payload"
    )


def test_an_erasure_of_one_tenant_explains_nothing_of_another(event):
    events = [event("paris"), event("lyon")]
    events.append(event("paris", **ERASURE, resource=events[1].name))

    assert flaw_of(records_of("paris", [events[0], events[2]], without_payload=(0,))).startswith(
        "entry 0 has"
    )
    assert flaw_of(records_of("lyon", [events[1]], without_payload=(0,))).startswith(
        "entry 0 has no payload"
    )


def test_the_error_names_the_first_missing_payload_and_what_settles_a_recent_erasure(event):
    events = [event("paris") for _ in range(4)]
    events.append(event("paris", **ERASURE, resource=events[0].name))

    flaw = flaw_of(records_of("paris", events, without_payload=(0, 2, 3)))

    assert flaw.startswith("entry 2 has no payload")
    assert flaw.endswith(SETTLES)


@pytest.mark.parametrize("form", ["ndjson", "csv"])
@pytest.mark.parametrize("name", ["payload", "salt"])
def test_half_of_a_payload_is_bad_even_when_it_was_erased(event, form, name, tmp_path):
    first = event("paris")
    made = records_of("paris", [first, event("paris", **ERASURE, resource=first.name)])
    made[1] |= {name: None}

    flaw = flaw_of_file(forging.lines_of(made, form=form), tmp_path / f"x.{form}")

    assert flaw == "entry 0 has only half of its payload"


@pytest.mark.parametrize("form", ["ndjson", "csv"])
def test_an_event_that_no_service_signed_is_named(records, form, tmp_path):
    records[2] |= {"signature": None}

    flaw = flaw_of_file(forging.lines_of(records, form=form), tmp_path / f"x.{form}")

    assert flaw == "entry 1 is not signed by its service"


@pytest.mark.parametrize(
    "signer",
    [("catalog-opt-in", a_private_key()), ("audit", SERVICE_KEY), ("tenant-registry", SERVICE_KEY)],
    ids=["unknown key", "key of another service", "key of a service without events here"],
)
def test_an_event_signed_by_another_key_than_its_services_is_named(signer):
    forged = signed_events(lambda _: EventKey(*signer))("paris")

    flaw = flaw_of(records_of("paris", [forged]))

    assert flaw == "entry 0 is not signed by a known key of its service, catalog-opt-in"


def test_a_signature_of_another_event_is_refused(event):
    events = [event("paris"), event("paris")]
    events[1].signature = events[0].signature

    assert flaw_of(records_of("paris", events)).startswith("entry 1 is not signed by a known key")


def without_signatures(*events):
    """Events as they are from before services signed theirs."""
    for event in events:
        event.ClearField("signature")
    return list(events)


def test_events_from_before_services_signed_are_told_apart(event, tmp_path):
    events = [*without_signatures(event("paris"), event("paris")), event("paris")]
    records = records_of("paris", events, signed_from=2)
    evidence = evidence_of(records[0]["log"])

    assert evidence.flaw_of(records) == ""
    assert exports.read_records(iter(records), evidence.services).unsigned == [0, 1]


@pytest.mark.parametrize(("signed_from", "first"), [(0, 0), (1, 1)])
def test_from_where_services_sign_no_event_is_without_a_signature(event, signed_from, first):
    events = [*without_signatures(event("paris"), event("paris")), event("paris")]

    flaw = flaw_of(records_of("paris", events, signed_from=signed_from))

    assert flaw == f"entry {first} is not signed by its service"


def test_an_older_head_covers_events_without_signatures(event):
    events = without_signatures(event("paris"), event("paris"))

    assert flaw_of(records_of("paris", events, signed_from=None)) == ""


@pytest.mark.parametrize("form", ["ndjson", "csv"])
def test_an_export_from_before_services_signed_is_still_verified(event, form, tmp_path):
    records = records_of("paris", without_signatures(event("paris")), signed_from=None)
    records[0]["form"] = exports.FORM_WITHOUT_SIGNATURES
    del records[1]["signature"]

    lines = forging.lines_of(records, form=form)

    assert flaw_of_file(lines, tmp_path / f"x.{form}") == ""


def test_the_older_form_is_no_way_around_signatures(event):
    records = records_of("paris", [event("paris")])
    records[0]["form"] = exports.FORM_WITHOUT_SIGNATURES
    del records[1]["signature"]

    assert flaw_of(records) == "entry 0 is not signed by its service"


@pytest.mark.parametrize("form", ["ndjson", "csv"])
@pytest.mark.parametrize("count", [1, 5, None])
def test_bytes_of_a_payload_cannot_be_hidden_in_its_salt(records, form, count, tmp_path):
    entry = records[2]
    payload = entry["payload"].encode()
    entry |= {
        "salt": entry["salt"] + payload[:count].hex(),
        "payload": "" if count is None else payload[count:].decode(),
    }

    flaw = flaw_of_file(forging.lines_of(records, form=form), tmp_path / f"x.{form}")

    assert flaw.startswith("entry 1 has")  # in a table, an empty payload is half of one


def test_bytes_of_a_salt_cannot_be_moved_into_its_payload(event):
    salt, payload = b"s" * sealed_form.SALT_BYTES, event("paris").payload
    commitment = hashlib.sha256(salt + payload).hexdigest()

    assert sealed_form.payload_flaw(payload, salt, commitment) == ""
    moved = {salt[:-1]: salt[-1:] + payload, salt + payload[:1]: payload[1:]}
    for moved_salt, moved_payload in moved.items():
        flaw = sealed_form.payload_flaw(moved_payload, moved_salt, commitment)
        assert flaw == f"salt must have {sealed_form.SALT_BYTES} bytes"


@pytest.mark.parametrize(
    "payload",
    [
        '{"address":"","changes":[], "user_agent":""}',
        '{"address":"","address":"","changes":[]}',
        '{"address":"","changes":[],"more":""}',
        '{"address":"","changes":[{"field":"x"}]}',
        "[]",
        "",
    ],
)
def test_a_payload_that_is_not_of_the_sealed_form_is_bad(event, payload):
    made, salt = event("paris"), b"s" * sealed_form.SALT_BYTES
    facts = json.loads(made.envelope)
    facts["payload_hash"] = hashlib.sha256(salt + payload.encode()).hexdigest()
    made.envelope, made.payload, made.salt = rfc8785.dumps(facts), payload.encode(), salt

    flaw = flaw_of(records_of("paris", [made]))

    assert flaw.startswith("entry 0 has a payload that does not match its envelope")


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace('"times":1', '"times":1,"times":2'),
        lambda text: text.replace('"times":1', '"times": 1'),
        lambda text: text.replace('"times":1', '"times":1,"verdict":"good"'),
        lambda text: text.replace('"times":1', '"times":true'),
        lambda text: text.replace('"reason":"",', ""),
    ],
)
def test_an_envelope_that_is_not_of_the_sealed_form_is_bad(event, change):
    made = event("paris")
    made.envelope = change(made.envelope.decode()).encode()

    assert flaw_of(records_of("paris", [made])) == "entry 0 has no envelope of the sealed form"
