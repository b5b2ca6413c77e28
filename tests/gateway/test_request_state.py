"""The state of a request: its own, and each layer's finding by its type."""

import pytest
from starlette.requests import HTTPConnection

from gateway.limits import Verdict
from gateway.limits.plans import Limit, Quota
from gateway.request_state import NOBODY, Client, RequestState, attach, state_of
from gateway.tenancy import Resolution, Source


def verdict(remaining):
    limit = Limit("tenant", "key", Quota(1, 10))
    return Verdict((limit,), limit, remaining, 1)


def test_a_finding_is_returned_by_its_type_and_a_later_one_replaces_it():
    state = RequestState("req_1")

    state.put(Resolution(None, Source.HOST, "paris"))
    state.put(verdict(2))
    state.put(verdict(1))

    assert state.get(Resolution) == Resolution(None, Source.HOST, "paris")
    assert state.get(Verdict) == verdict(1)


def test_a_finding_that_no_layer_has_made_is_none():
    assert RequestState("req_1").get(Resolution) is None


def test_the_findings_of_two_requests_are_apart():
    paris, lyon = RequestState("req_1"), RequestState("req_2")

    for state, tenant in ((paris, "paris"), (lyon, "lyon")):
        state.put(Resolution(None, Source.PREFIX, tenant))

    assert paris.get(Resolution) == Resolution(None, Source.PREFIX, "paris")
    assert lyon.get(Resolution) == Resolution(None, Source.PREFIX, "lyon")


def test_a_client_is_nobody_until_the_guard_has_read_its_address():
    state = RequestState("req_1")
    assert (state.client, state.address) == (NOBODY, "")

    state.client = Client("203.0.113.5", is_secure=True)

    assert state.address == "203.0.113.5"


def test_a_request_has_the_state_that_was_attached_to_its_scope():
    servers_state = {"draining": False}
    scope = {"type": "http", "headers": [], "state": servers_state}
    state = RequestState("req_1")

    attach(scope, state)

    assert state_of(HTTPConnection(scope)) is state
    assert servers_state["draining"] is False


def test_a_request_that_no_guard_has_seen_has_no_state():
    with pytest.raises(KeyError):
        state_of(HTTPConnection({"type": "http", "headers": [], "state": {}}))
