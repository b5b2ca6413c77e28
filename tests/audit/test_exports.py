"""What the offline verifier believes of an export, and what it does not."""

import csv
import hashlib
import json
import random

import pytest
import rfc8785

from gateway.cli import exports
from services.kernel.evidence import merkle, sealed_form, signed_notes
from services.kernel.evidence.event_signatures import EventKey, EventKeys
from tests.audit.conftest import signed_events
from tests.campaigns import forging
from tests.campaigns.tampering import Evidence, a_key, a_private_key

ERASURE = {
    "service": "audit",
    "method": "souk.audit.v1.AuditService/EraseEventPayload",
    "permission": "event:erase",
}
KEY = a_key()
SERVICE_KEY = a_private_key()
SETTLES = "erased during the export, export again"


def records_of(tenant, events, *, bare=(), signed_from=0):
    """Writes the export of a log of these events; those at the places `bare` have no payload."""
    log, tree = signed_notes.origin(tenant), merkle.Frontier()
    records = [{"form": exports.FORM, "log": log, "size": len(events)}]
    for index, event in enumerate(events):
        told = {"payload": event.payload.decode(), "salt": event.salt.hex()}
        told = dict.fromkeys(told) if index in bare else told
        leaf = merkle.leaf_hash(event.envelope)
        signature = event.signature.hex() or None
        sealed = {"envelope": event.envelope.decode(), "leaf": leaf.hex(), "signature": signature}
        records.append({"index": index, **sealed, **told})
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
    kept = KEY.sign(signed_notes.Checkpoint(log, 0, merkle.EMPTY))
    services = (EventKey(name, SERVICE_KEY).public for name in ("catalog-opt-in", "audit"))
    return Evidence([KEY.public], EventKeys(services), kept)


@pytest.fixture
def event():
    """Makes events that need no cluster."""
    return signed_events(lambda service: EventKey(service, SERVICE_KEY))


@pytest.fixture
def records(event):
    """An export of three events, none of them erased; the second shows a formula's sign."""
    return records_of("paris", [event("paris"), event("paris", actor="=1+1"), event("paris")])


@pytest.fixture
def table(records):
    return [next(csv.reader([line])) for line in forging.lines_of(records, form="csv")]


def flaw_of_table(table, path):
    return flaw_of_file([forging._csv_line(row) for row in table], path / "x.csv")


@pytest.mark.parametrize("tenant", ["paris", "lyon"])
def test_a_missing_payload_is_believed_when_a_later_entry_erased_it(event, tenant):
    first = event(tenant)
    erasures = [event(tenant, **ERASURE, resource=first.name)]
    erasures.append(event(tenant, **ERASURE, resource=erasures[0].name))

    assert flaw_of(records_of(tenant, [first, *erasures], bare=(0, 1))) == ""


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
def test_what_is_not_its_erasure_does_not_explain_a_missing_payload(event, facts):
    events = [event("paris"), event("paris")]
    events.append(event("paris", **ERASURE | {"resource": events[1].name} | facts))

    flaw = flaw_of(records_of("paris", events, bare=(1,)))

    assert flaw.startswith("entry 1 has no payload")


def test_an_earlier_entry_erased_nothing(event):
    last = event("paris")
    events = [event("paris", **ERASURE, resource=last.name), last]

    assert flaw_of(records_of("paris", events, bare=(1,))).startswith("entry 1 has no payload")


def test_an_erasure_of_one_tenant_explains_nothing_of_another(event):
    events = [event("paris"), event("lyon")]
    events.append(event("paris", **ERASURE, resource=events[1].name))

    assert flaw_of(records_of("paris", [events[0], events[2]], bare=(0,))).startswith("entry 0 has")
    assert flaw_of(records_of("lyon", [events[1]], bare=(0,))).startswith("entry 0 has no payload")


def test_the_first_missing_payload_is_named_and_what_an_erasure_of_just_now_needs(event):
    events = [event("paris") for _ in range(4)]
    events.append(event("paris", **ERASURE, resource=events[0].name))

    flaw = flaw_of(records_of("paris", events, bare=(0, 2, 3)))

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
    assert exports.taken(iter(records), evidence.services).unsigned == [0, 1]


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
    assert sealed_form.payload_flaw(salt[-1:] + payload, salt[:-1], commitment) != ""


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


@pytest.mark.parametrize("form", ["ndjson", "csv"])
def test_an_export_that_was_torn_off_anywhere_is_bad(records, form, tmp_path):
    whole = "".join(forging.lines_of(records, form=form))

    # Without its last line's end it still says everything.
    for end in random.Random(form).sample(range(len(whole) - 1), 200):
        assert flaw_of_file([whole[:end]], tmp_path / f"x.{form}"), end


@pytest.mark.parametrize("place", [0, 2, 4, -1])
def test_a_line_has_the_keys_of_its_form_and_no_other(records, place):
    assert flaw_of(records) == ""

    records[place] |= {"actor": "admins/innocent"}

    assert "must have exactly these fields" in flaw_of(records)


@pytest.mark.parametrize("place", [4, -1])
def test_so_does_what_is_in_a_line(records, place):
    [inner] = records[place].values()
    inner |= {"actor": "admins/innocent"}

    assert "must have exactly these fields" in flaw_of(records)


def test_an_entry_with_a_foreign_key_is_named(records):
    records[2] |= {"actor": "admins/innocent"}

    assert (
        flaw_of(records)
        == "entry 1 must have exactly these fields: index, envelope, payload, salt, signature, leaf"
    )


@pytest.mark.parametrize(
    ("place", "key", "value"),
    [(0, "size", "3"), (0, "size", 3.0), (1, "index", False), (1, "payload", 5), (1, "salt", 5)],
)
def test_each_value_is_of_its_kind(records, place, key, value):
    records[place] |= {key: value}

    assert "must have exactly these fields" in flaw_of(records)


def test_two_checkpoints_of_one_size_are_bad(records):
    forged = {"checkpoint": {"size": 1, "note": "forged"}}

    flaw = flaw_of([*records[:4], forged, *records[4:]])

    assert flaw == "the checkpoint after size 1 has size 1"


@pytest.mark.parametrize("place", [0, 2, 4, -1])
def test_no_key_stands_twice_in_a_line(records, place, tmp_path):
    lines = forging.lines_of(records, form="ndjson")
    key = next(iter(records[place]))
    lines[place] = lines[place].replace("{", f'{{"{key}":"forged",', 1)

    flaw = flaw_of_file(lines, tmp_path / "x.ndjson")

    where = f"line {place % len(lines) + 1}"
    assert flaw == f"{where} is not part of an export: an object has the same key twice"


def test_a_table_that_nobody_touched_is_good(table, tmp_path):
    assert flaw_of_table(table, tmp_path) == ""


@pytest.mark.parametrize("name", ["approver", "actor", "record", ""])
@pytest.mark.parametrize("at", [0, 11])
def test_a_table_has_the_columns_of_its_form_and_none_twice(table, name, at, tmp_path):
    for number, row in enumerate(table):
        row.insert(at, "admins/innocent" if number else name)

    assert "the columns of the table" in flaw_of_table(table, tmp_path)


@pytest.mark.parametrize("line", [2, 3, -1])
def test_no_row_has_a_cell_beside_the_columns(table, line, tmp_path):
    table[line].append("admins/innocent")

    assert "does not have exactly the cells" in flaw_of_table(table, tmp_path)


@pytest.mark.parametrize("line", [1, 5, -1])
def test_nothing_stands_beside_a_record(table, line, tmp_path):
    table[line][2] = "admins/innocent"

    assert "neither an entry nor a record" in flaw_of_table(table, tmp_path)


def test_an_entry_of_a_table_shows_what_is_in_it(table, records, tmp_path):
    table[2] = [*[""] * 11, json.dumps(records[1])]

    assert "neither an entry nor a record" in flaw_of_table(table, tmp_path)


@pytest.mark.parametrize("name", exports._SHOWN)
@pytest.mark.parametrize("text", ["admins/innocent", "", "=1+1", "''=1+1"])
def test_a_cell_that_shows_another_text_than_the_envelope_is_named(table, name, text, tmp_path):
    assert table[3][2] == "'=1+1"

    table[3][table[0].index(name)] = text

    assert flaw_of_table(table, tmp_path) == f"entry 1 shows a different {name} than its envelope"
