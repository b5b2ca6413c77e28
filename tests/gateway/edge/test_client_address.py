"""The client's address is believed from configured proxies alone."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.edge.client_address import Addresses, parse_address
from gateway.identity.recorded_attempts import user_agent
from gateway.limits.networks import networks
from gateway.request_state import Client

PROXIES = [ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("fd00::/8")]
BEHIND = Addresses(PROXIES)


def address(peer, **headers):
    pairs = [(n.replace("_", "-").encode(), v.encode()) for n, v in headers.items()]
    return BEHIND.client(peer, pairs).address


def test_without_proxies_the_peer_is_the_client_whatever_it_says():
    headers = [(b"x-forwarded-for", b"9.9.9.9"), (b"forwarded", b"for=9.9.9.9")]

    assert Addresses([]).client("127.0.0.1", headers) == Client("127.0.0.1")


def test_a_stranger_is_not_believed():
    assert address("192.0.2.7", x_forwarded_for="9.9.9.9") == "192.0.2.7"


@pytest.mark.parametrize(
    ("chain", "client"),
    [
        ("203.0.113.5", "203.0.113.5"),
        ("9.9.9.9, 203.0.113.5", "203.0.113.5"),
        ("9.9.9.9, 203.0.113.5, 10.1.1.1", "203.0.113.5"),
        ("10.2.2.2, 10.1.1.1", "10.2.2.2"),
        ("203.0.113.5:4711", "203.0.113.5"),
        ("[2001:db8::5]:4711", "2001:db8::5"),
        ("2001:db8::5", "2001:db8::5"),
        ("::ffff:203.0.113.5", "203.0.113.5"),
    ],
)
def test_of_a_chain_the_nearest_hop_that_is_no_proxy_is_the_client(chain, client):
    assert address("10.0.0.1", x_forwarded_for=chain) == client
    assert address("::ffff:10.0.0.1", x_forwarded_for=chain) == client


@pytest.mark.parametrize("junk", ["", ",", "unknown", "_hidden", "1.2.3", "1.2.3.4.5", "x" * 999])
def test_junk_is_dropped_and_the_last_sound_hop_counts(junk):
    assert address("10.0.0.1", x_forwarded_for=junk) == "10.0.0.1"
    assert address("10.0.0.1", x_forwarded_for=f"9.9.9.9, {junk}, 10.1.1.1") == "10.1.1.1"


def test_forwarded_says_the_same_in_its_own_words():
    assert address("10.0.0.1", forwarded='for="[2001:db8::5]:1";proto=https') == "2001:db8::5"
    assert address("10.0.0.1", forwarded="for=9.9.9.9, For=203.0.113.5;by=x") == "203.0.113.5"
    assert address("10.0.0.1", forwarded="proto=https") == "10.0.0.1"


def test_two_headers_that_disagree_are_both_dropped():
    both = {"x_forwarded_for": "203.0.113.5", "forwarded": "for=9.9.9.9"}

    assert address("10.0.0.1", **both) == "10.0.0.1"
    assert address("10.0.0.1", **{**both, "forwarded": "for=203.0.113.5"}) == "203.0.113.5"


def test_a_chain_in_several_lines_is_one():
    lines = [(b"x-forwarded-for", b"9.9.9.9"), (b"x-forwarded-for", b"203.0.113.5")]

    assert BEHIND.client("10.0.0.1", lines).address == "203.0.113.5"


def test_tls_is_what_the_nearest_proxy_says():
    def is_secure(peer, *schemes):
        return BEHIND.client(peer, [(b"x-forwarded-proto", one) for one in schemes]).is_secure

    assert is_secure("10.0.0.1", b"https")
    assert is_secure("10.0.0.1", b"http", b"https")
    assert not is_secure("10.0.0.1", b"https", b"http")
    assert not is_secure("10.0.0.1", b"https, http")
    assert not is_secure("192.0.2.7", b"https")


def test_addresses_of_one_customer_count_as_one():
    assert networks("2001:db8:1:2:3:4:5:6") == networks("2001:db8:1:2::1")
    assert networks("2001:db8:1:2::1") == ("2001:db8:1:2::/64", "2001:db8:1::/48")
    assert networks("203.0.113.5") == ("203.0.113.5",)
    assert networks("") == ("",)


def test_networks_of_one_site_count_as_one_and_those_of_others_do_not():
    assert networks("2001:db8:1:2::1")[0] != networks("2001:db8:1:3::1")[0]
    assert networks("2001:db8:1:2::1")[1] == networks("2001:db8:1:3::1")[1]
    assert networks("2001:db8:1:2::1")[1] != networks("2001:db8:2:2::1")[1]


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_header_is_an_error(chain, forwarded):
    pairs = [
        (b"x-forwarded-for", chain.encode("utf-8", "replace")),
        (b"forwarded", forwarded.encode("utf-8", "replace")),
    ]

    client = BEHIND.client("10.0.0.1", pairs)

    assert parse_address(client.address) is not None
    assert networks(client.address)


def test_a_client_calls_itself_in_256_plain_characters():
    assert user_agent("curl/8.5.0") == "curl/8.5.0"
    assert user_agent("x" * 300) == "x" * 256
    assert user_agent("a\x85b\u00e9\n c") == "ab c"


def test_a_secret_that_a_client_calls_itself_is_not_kept():
    key = "souk_live_" + "k" * 40
    assert user_agent(f"erp {key}") == "erp ***"
    assert "souk_live" not in user_agent("x" * 230 + key)
