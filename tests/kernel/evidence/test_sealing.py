"""What a leaf keeps: what changed and whose it is, and never a secret."""

import hashlib
import json

import pytest
import rfc8785
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from hypothesis import given
from hypothesis import strategies as st
from souk.kernel.v1 import access_pb2
from souk.tenant_registry.v1 import access_service_pb2, tenant_pb2

from services.kernel.evidence import audit, sealed_form
from services.kernel.evidence.changes import changes
from services.kernel.serving import migrations

F = descriptor_pb2.FieldDescriptorProto


def _field(name, number, kind=F.TYPE_STRING, sensitivity=0, label=F.LABEL_OPTIONAL, of=""):
    field = F(name=name, number=number, type=kind, label=label, type_name=of or None)
    if sensitivity:
        field.options.Extensions[access_pb2.sensitivity] = sensitivity
    return field


def _made():
    """A message with a person's name, secrets at two depths, and itself within."""
    file = descriptor_pb2.FileDescriptorProto(
        name="souk/test/sealing.proto", package="souk.test", syntax="proto3",
        dependency=["souk/kernel/v1/access.proto"],
    )  # fmt: skip
    inner = file.message_type.add(name="Inner")
    inner.field.extend([_field("label", 1), _field("token", 2, sensitivity=2)])
    outer = file.message_type.add(name="Outer")
    of = ".souk.test.Inner"
    outer.field.extend(
        [
            _field("title", 1),
            _field("email", 2, sensitivity=1),
            _field("password", 3, sensitivity=2),
            _field("one", 4, F.TYPE_MESSAGE, of=of),
            _field("many", 5, F.TYPE_MESSAGE, label=F.LABEL_REPEATED, of=of),
            _field("within", 6, F.TYPE_MESSAGE, of=".souk.test.Outer"),
        ]
    )
    pool = descriptor_pool.Default()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("souk.test.Outer"))


@pytest.fixture(scope="module")
def outer():
    return _made()


def test_only_what_differs_is_kept_and_each_side_is_json():
    before = tenant_pb2.Tenant(display_name="Old", etag="1")
    after = tenant_pb2.Tenant(display_name="New", etag="2")

    assert changes(before, after) == [
        {"field": "display_name", "before": '"Old"', "after": '"New"', "personal": False}
    ]
    assert changes(None, None) == []


def test_no_secret_is_kept_however_deep_it_lies(outer):
    secret = {"label": "x", "token": "canary"}
    message = outer(
        title="t", password="canary", one=secret, many=[secret], within={"password": "canary"}
    )

    recorded = changes(None, message)

    assert "canary" not in json.dumps(recorded)
    assert [change["field"] for change in recorded] == ["many", "one", "title", "within"]
    assert message.password == message.many[0].token == "canary"


def test_personal_fields_are_marked(outer):
    recorded = changes(None, outer(title="t", email="ada@example.org", within={"title": "u"}))

    assert {change["field"]: change["personal"] for change in recorded} == {
        "title": False,
        "email": True,
        "within": True,
    }


def test_an_envelope_commits_to_its_payload_by_a_salted_hash():
    first, second = (audit.seal({"a": "b"}, {"changes": []}) for _ in range(2))

    facts = json.loads(first.envelope)
    assert rfc8785.dumps(facts) == first.envelope
    assert facts["payload_hash"] == hashlib.sha256(first.salt + first.payload).hexdigest()
    assert first.payload == second.payload
    assert first.envelope != second.envelope


KEYS = st.text(st.characters(codec="ascii"), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner),
    max_leaves=12,
)


@given(st.dictionaries(KEYS, VALUES))
def test_the_canonical_form_is_that_of_rfc_8785(document):
    assert sealed_form.canonical(document) == rfc8785.dumps(document)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800"])
def test_no_value_without_a_canonical_form_is_sealed(value):
    with pytest.raises(ValueError, match=r"JSON|surrogates"):
        sealed_form.canonical({"a": value})


def test_a_leaf_of_before_is_sealed_as_it_was():
    moment = access_service_pb2.Admin().create_time.ToDatetime()
    row = {
        "tenant_id": "paris", "event_id": "evt_1", "service": "audit", "method": "m",
        "resource": "r", "actor": "a", "request_id": "q", "outcome": "DONE",
        "occur_time": moment, "changes": '[{"field": "x", "before": "", "after": "1"}]',
    }  # fmt: skip

    sealed = migrations._sealed(row)

    facts = json.loads(sealed["envelope"])
    assert (facts["event"], facts["actor"]) == ("tenants/paris/events/evt_1", "a")
    assert json.loads(sealed["payload"])["changes"][0]["field"] == "x"
