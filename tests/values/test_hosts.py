"""Host names: many spellings, one canonical form."""

# ruff: noqa: RUF001 - letters that look like others are what is tested here.
import re

import idna
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.kernel.call.errors import InvalidArgument
from services.values import hosts
from services.values.hosts import HostInvalid

LONG = ".".join(["a" * 63, "b" * 63, "c" * 63, "d" * 61])

# Threat T1: every spelling has one reading, or none. Bytes are what came over the wire, a str is
# what a person typed when a domain was registered.
SPELLINGS = [
    # One name, many spellings.
    (b"paris.impactnutrition.com", "paris.impactnutrition.com"),
    (b"PARIS.ImpactNutrition.COM", "paris.impactnutrition.com"),
    (b"paris.impactnutrition.com.", "paris.impactnutrition.com"),
    (b"paris.impactnutrition.com:8000", "paris.impactnutrition.com"),
    (b"Paris.impactnutrition.com.:65535", "paris.impactnutrition.com"),
    ("paris。impactnutrition．com", "paris.impactnutrition.com"),
    ("ｐａｒｉｓ.impactnutrition.com", "paris.impactnutrition.com"),
    ("par\u00adis.impactnutrition.com", "paris.impactnutrition.com"),
    ("münchen.example", "xn--mnchen-3ya.example"),
    ("MU\u0308NCHEN.example", "xn--mnchen-3ya.example"),
    (b"XN--MNCHEN-3YA.example", "xn--mnchen-3ya.example"),
    ("faß.example", "xn--fa-hia.example"),
    (LONG.encode() + b".:443", LONG),
    # What is no host name.
    (b"", "HOST_EMPTY"),
    (b".", "HOST_EMPTY"),
    (b":80", "HOST_EMPTY"),
    (b"paris.example..", "HOST_LABEL"),
    (b".paris.example", "HOST_LABEL"),
    (b"paris..example", "HOST_LABEL"),
    (b"-paris.example", "HOST_LABEL"),
    (b"ab--cd.example", "HOST_LABEL"),
    (b"xn--a.example", "HOST_LABEL"),
    (b"a" * 64 + b".example", "HOST_LABEL"),
    (b"a" + LONG.encode(), "HOST_LABEL"),
    ((LONG + "d").encode() + b"." + b"e", "HOST_TOO_LONG"),
    # Ports.
    (b"paris.example:", "HOST_PORT"),
    (b"paris.example:0", "HOST_PORT"),
    (b"paris.example:65536", "HOST_PORT"),
    (b"paris.example:99999", "HOST_PORT"),
    (b"paris.example:80x", "HOST_PORT"),
    ("paris.example:٨٠", "HOST_PORT"),
    # Somebody else's syntax.
    (b"paris.example/health?", "HOST_CHARACTER"),
    (b"x@paris.example", "HOST_CHARACTER"),
    (b"paris.example\\evil.example", "HOST_CHARACTER"),
    (b"paris%2eexample", "HOST_CHARACTER"),
    (b"par_is.example", "HOST_CHARACTER"),
    (b" paris.example", "HOST_CHARACTER"),
    (b"paris.example\x00", "HOST_CHARACTER"),
    (b"paris.example,lyon.example", "HOST_CHARACTER"),
    ("paris.example／lyon", "HOST_LABEL"),
    ("m\u00fcnchen.example".encode(), "HOST_NOT_ASCII"),
    ("m\u00fcnchen.example".encode("latin-1"), "HOST_NOT_ASCII"),
    # Addresses, in whatever spelling.
    (b"127.0.0.1", "HOST_ADDRESS"),
    (b"127.1:8000", "HOST_ADDRESS"),
    (b"0x7f.1", "HOST_ADDRESS"),
    (b"2130706433", "HOST_ADDRESS"),
    (b"0x7f000001", "HOST_ADDRESS"),
    (b"0177.0.0.01.", "HOST_ADDRESS"),
    ("１２７.０.０.１", "HOST_ADDRESS"),
    (b"[::1]:8000", "HOST_ADDRESS"),
    (b"::1", "HOST_ADDRESS"),
]


def reading_of(raw):
    try:
        return hosts.normalise_host(raw)
    except HostInvalid as refused:
        return refused.why


@pytest.mark.parametrize(("spelling", "reading"), SPELLINGS)
def test_a_spelling_has_one_reading_or_none(spelling, reading):
    assert reading_of(spelling) == reading


def test_a_refused_host_says_why_to_machines_and_people():
    with pytest.raises(InvalidArgument) as refused:
        hosts.normalise_host(b"127.1")

    assert refused.value.reason == "HOST_INVALID"
    assert refused.value.metadata == {"why": "HOST_ADDRESS"}
    assert refused.value.violations == {"host": "must be a host name, not an IP address"}


labels = st.from_regex(r"[a-zA-Z0-9üßéяд字あ\-]{1,10}", fullmatch=True)
names = st.lists(labels, min_size=1, max_size=4).map(".".join)
anything = st.text(max_size=80) | st.binary(max_size=80) | names | names.map(str.encode)


@given(anything)
@example("\u2488com")
@example("xn--\u00fc.com")
@example("a.\u3002")
def test_whatever_is_given_becomes_a_plain_host_name_or_is_refused(raw):
    try:
        host = hosts.normalise_host(raw)
    except HostInvalid:
        return
    assert len(host) <= 253
    assert all(re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", x) for x in host.split("."))
    assert hosts.normalise_host(host) == host
    assert hosts.normalise_host(host.encode()) == host


@given(names)
def test_a_display_host_normalises_to_the_same_host(name):
    try:
        host = hosts.normalise_host(name)
    except HostInvalid:
        return
    assert hosts.normalise_host(hosts.display_host(host)) == host


plain_names = st.from_regex(r"[a-zA-Z0-9\-]{1,20}(\.[a-zA-Z0-9\-]{1,20}){0,3}", fullmatch=True)


@given(plain_names, st.integers(1, 65535), st.data())
def test_case_port_and_trailing_dot_never_make_another_host(name, port, data):
    spelt = "".join(data.draw(st.sampled_from([c.lower(), c.upper()])) for c in name)

    assert reading_of(f"{spelt}.:{port}".encode()) == reading_of(name)
    assert reading_of(spelt) == reading_of(name.encode())


@given(plain_names)
def test_plain_names_are_read_as_idna_reads_them(name):
    try:
        expected = idna.encode(name, uts46=True, std3_rules=True).decode()
    except idna.IDNAError:
        expected = "HOST_LABEL"

    assert reading_of(name) in (expected, "HOST_ADDRESS")


@pytest.mark.parametrize(
    "name",
    [
        "paris.impactnutrition.com",
        "impactnutrition.com.tn",
        "shop.example.co.uk",
        "münchen.de",
        "тест.рф",
        "東京ひらがなカタカナab.jp",
        "한국kr.kr",
        "متجر-2.تونس",
        "café-99.fr",
        "paris.unheard-of",
    ],
)
def test_a_name_of_ones_own_can_be_registered(name):
    assert hosts.registrable(name) == hosts.normalise_host(name)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("co.uk", "HOST_SUFFIX"),
        ("CO.UK.", "HOST_SUFFIX"),
        ("com.tn", "HOST_SUFFIX"),
        ("github.io", "HOST_SUFFIX"),
        ("香港", "HOST_SUFFIX"),
        ("公司.香港", "HOST_SUFFIX"),
        ("localhost", "HOST_SUFFIX"),
        ("com", "HOST_SUFFIX"),
        ("p\u0430ris.example.com", "HOST_MIXED_SCRIPT"),
        ("shop.p\u0430ris.com", "HOST_MIXED_SCRIPT"),
        ("xn--pris-43d.com", "HOST_MIXED_SCRIPT"),
        ("p\u03b1ris.com", "HOST_MIXED_SCRIPT"),
        ("127.0.0.1", "HOST_ADDRESS"),
        ("", "HOST_EMPTY"),
    ],
)
def test_a_public_suffix_or_a_look_alike_cannot_be_registered(name, why):
    with pytest.raises(HostInvalid) as refused:
        hosts.registrable(name)

    assert refused.value.why == why


@given(anything.filter(lambda raw: isinstance(raw, str)))
def test_whatever_is_registered_is_a_normalised_host(raw):
    try:
        host = hosts.registrable(raw)
    except HostInvalid:
        return
    assert hosts.normalise_host(host) == host


@pytest.mark.parametrize(
    "raw",
    [b"localhost", b"LocalHost:8000", b"localhost.", b"127.0.0.1", b"127.0.0.1:8000", b"[::1]",
     b"[::1]:8000", "10.0.0.7", b"[fe80::1]"],
)  # fmt: skip
def test_localhost_and_addresses_are_the_platforms_own(raw):
    assert hosts.is_platform_literal(raw)


@pytest.mark.parametrize(
    "raw",
    [b"", b"127.1", b"0x7f.1", b"2130706433", b"127.0.0.1:0", b"127.0.0.1:", b"::1", b"[::1", b"[]",
     b"[fe80::1%eth0]", b"localhost.example", b"x@localhost", b"\xff", b"paris.example", b"[::1]x",
     "１２７.0.0.1", b"127.0.0.01", b"localhost" * 1000],
)  # fmt: skip
def test_odd_spellings_of_addresses_are_not_the_platforms_own(raw):
    assert not hosts.is_platform_literal(raw)


@given(anything)
def test_an_ip_address_is_never_a_tenants_host(raw):
    if hosts.is_platform_literal(raw):
        assert reading_of(raw) in ("HOST_ADDRESS", "localhost")
