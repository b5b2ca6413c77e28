"""Bodies take up a bounded part of the memory, whoever sends them, until they are answered."""

import asyncio
import ipaddress

import pytest

from gateway.edge.body_budget import BodyBudget
from gateway.edge.client_address import Addresses
from gateway.edge.sizes import MAX_BODY_BYTES
from tests.gateway.edge.serving import Transport

LYON, PARIS = "192.0.2.1", "192.0.2.2"


def body(budget, peer, *headers):
    return budget.body_of((peer, 1), headers)


def test_an_address_has_its_share_and_leaves_the_rest_to_others(budget):
    first, second, others = body(budget, LYON), body(budget, LYON), body(budget, PARIS)

    assert first.take(6)
    assert not second.take(6)
    assert second.refusal.code == "GATEWAY_BUSY"
    assert others.take(10)


def test_all_addresses_together_have_no_more_than_there_is(budget):
    taken = [body(budget, f"192.0.2.{n}").take(10) for n in range(12)]

    assert taken == [True] * 10 + [False] * 2
    assert budget.held_bytes == 100


@pytest.mark.parametrize(
    ("networks", "most"), [(["2001:db8:1:{:x}::1"], 4), (["2001:db8:{:x}::1"], 9)]
)
def test_networks_of_one_site_have_four_times_an_addresss_share(budget, networks, most):
    taken = [body(budget, networks[0].format(n)).take(10) for n in range(9)]

    assert sum(taken) == most


def test_clients_behind_a_trusted_proxy_have_a_share_each():
    budget = BodyBudget(
        Addresses([ipaddress.ip_network("10.0.0.0/8")]), process_bytes=100, address_bytes=10
    )

    for client in (LYON, PARIS):
        assert body(budget, "10.0.0.1", (b"x-forwarded-for", client.encode())).take(10)
    assert not body(budget, "10.0.0.1", (b"x-forwarded-for", LYON.encode())).take(1)


def test_uploads_leave_half_of_the_room_to_other_bodies(budget):
    uploads = [body(budget, f"192.0.2.{n}") for n in range(8)]
    for upload in uploads:
        upload.take(4)  # arrives with the head, before it is known what the request is
        upload.allow_upload(100)

    taken = [upload.refusal is None and upload.take(6) for upload in uploads]

    assert budget.held_bytes <= 50
    assert taken.count(True) >= 3
    assert not all(taken)
    others = [body(budget, f"198.51.100.{n}").take(10) for n in range(5)]
    assert others == [True] * 5
    for upload in uploads:
        upload.release()
    late = body(budget, LYON)
    late.allow_upload(100)
    assert late.take(10)


def test_released_bytes_can_be_used_again(budget):
    for _ in range(100):
        one = body(budget, LYON)
        assert one.take(4)
        assert one.take(6)
        one.release()
        one.release()

    assert budget.held_bytes == 0
    assert budget._used_by == {}


def test_a_body_that_is_refused_keeps_nothing_of_what_it_had(budget):
    one = body(budget, LYON)
    one.take(6)

    assert not one.take(6)
    assert not one.take(1)
    assert budget.held_bytes == 0


def test_no_body_is_longer_than_one_may_be():
    budget = BodyBudget(Addresses([]))
    one = body(budget, LYON)

    assert one.take(MAX_BODY_BYTES)
    assert not one.take(1)
    assert one.refusal.code == "BODY_TOO_LARGE"


def post(path, size, sent=b""):
    head = b"POST %b HTTP/1.1\r\nHost: souk.example\r\nContent-Length: %d\r\n\r\n"
    return head % (path, size) + sent


async def connected(serving, request, peer=LYON):
    transport, connection = Transport(peer), serving()
    connection.connection_made(transport)
    connection.data_received(request)
    await asyncio.sleep(0)
    return transport, connection


async def until(condition):
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0)


async def test_a_body_counts_until_its_response_is_complete(serving, budget):
    transport, connection = await connected(serving, post(b"/size", 8, b"1234"))
    assert budget.held_bytes == 4

    connection.data_received(b"5678")
    await until(lambda: transport.sent.endswith(b"0\r\n\r\n"))

    assert b"\r\n8\r\n" in transport.sent
    assert budget.held_bytes == 0


async def test_a_body_counts_until_its_client_is_gone(serving, budget):
    _, connection = await connected(serving, post(b"/silent", 8, b"1234"))
    _, other = await connected(serving, post(b"/silent", 8, b"12345678"), peer=PARIS)
    assert budget.held_bytes == 12

    connection.connection_lost(None)
    assert budget.held_bytes == 8
    other.connection_lost(None)
    assert budget.held_bytes == 0


async def test_pipelined_bodies_count_each_until_its_response(serving, budget):
    requests = post(b"/silent", 3, b"123") + post(b"/size", 4, b"1234")
    _, connection = await connected(serving, requests)

    assert budget.held_bytes == 7
    connection.connection_lost(None)
    assert budget.held_bytes == 0


async def test_no_body_stays_in_memory_that_nobody_reads(serving, budget):
    transport, connection = await connected(serving, post(b"/", 10, b"12345"))
    await until(lambda: transport.sent)

    connection.data_received(b"67890")

    assert budget.held_bytes == 0
    assert connection.cycle.body == b""


@pytest.mark.parametrize("more", [b"", b"6"], ids=["never comes", "comes for ever"])
async def test_an_answered_request_whose_body_never_comes_is_closed(serving, monkeypatch, more):
    monkeypatch.setattr("gateway.edge.protocol.HEAD_SECONDS", 0.02)
    transport, connection = await connected(serving, post(b"/", 10**6, b"12345"))

    async with asyncio.timeout(5):
        while not transport.is_closed:
            if more:
                connection.data_received(more)
            await asyncio.sleep(0)

    assert transport.sent.count(b"HTTP/1.1 ") == 1


async def test_tiny_pieces_of_a_body_take_up_no_more_than_their_size(serving):
    transport, connection = await connected(serving, post(b"/size", 9))
    for _ in range(9):
        connection.data_received(b"x")
        await asyncio.sleep(0)

    await until(lambda: transport.sent.endswith(b"0\r\n\r\n"))

    assert b"\r\n9\r\n" in transport.sent
