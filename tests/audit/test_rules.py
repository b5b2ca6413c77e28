"""What is wrong with an event, and how many fit into one answer."""

import hashlib
import json

import pytest

from services.audit import rules
from services.kernel.evidence import sealed_form
from services.kernel.evidence.audit import seal
from tests.audit.conftest import CHANGE, FACTS

NAME = "tenants/paris/events/evt_1"


def faults(payload=None, salt=None, content=None, **facts):
    known = FACTS | {"event": NAME, "resource": ""} | facts
    sealed = seal(known, {"address": "", "changes": [CHANGE]} | (content or {}))
    opened = sealed_form.document(sealed.envelope)
    assert opened is not None
    return rules.faults(
        opened,
        name=NAME,
        caller="services/catalog-opt-in",
        payload=sealed.payload if payload is None else payload,
        salt=sealed.salt if salt is None else salt,
    )


def test_a_whole_event_has_no_fault():
    assert faults() == []
    assert faults(content={"user_agent": "x" * 256}) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"service": ""},
        {"service": "tenant-registry"},
        {"actor": ""},
        {"method": ""},
        {"event": "tenants/paris/events/evt_2"},
        {"occur_time": "yesterday"},
        {"outcome": "?"},
        {"times": 0},
        {"times": True},
        {"payload": b"{}"},
        {"payload": b"x" * (sealed_form.LONGEST_PAYLOAD + 1)},
        {"salt": b"short"},
        {"content": {"user_agent": "x" * 257}},
        {"content": {"user_agent": None}},
        {"content": {"more": ""}},
        {"resource": "x" * (rules.LONGEST["resource"] + 1)},
        {"resource": 7},
    ],
)
def test_each_fault_is_named_once(wrong):
    assert len(faults(**wrong)) == 1


def test_a_payload_that_is_none_is_refused_although_its_hash_is_right():
    salt, payload = b"s" * sealed_form.SALT_BYTES, json.dumps({"address": ""}).encode()
    facts = FACTS | {"event": NAME, "resource": ""}
    facts["payload_hash"] = hashlib.sha256(salt + payload).hexdigest()

    assert rules.faults(
        facts, name=NAME, caller="services/catalog-opt-in", payload=payload, salt=salt
    )


def test_length_counts_in_bytes_because_the_index_does():
    letters = rules.LONGEST["actor"] // 2

    assert faults(actor="é" * letters) == []
    assert faults(actor="é" * (letters + 1)) == ["actor has more than 400 bytes"]


@pytest.mark.parametrize(
    "envelope", [b"", b"[]", b"7", b'{"a": 1}', b'{"b":1,"a":1}', b'{"a":1,"a":1}', b"[" * 9000]
)
def test_json_that_is_not_canonical_is_not_parsed(envelope):
    assert sealed_form.document(envelope) is None


def test_an_answer_takes_what_fits_and_at_least_one():
    half = rules.PAGE_BYTES // 2

    assert rules.fitting([]) == 0
    assert rules.fitting([2] * 200) == 200
    assert rules.fitting([half, half, half]) == 2
    assert rules.fitting([half * 3, half]) == 1


def test_all_faults_come_at_once():
    assert len(faults(service="", actor="", occur_time="")) == 3
