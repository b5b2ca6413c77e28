"""Threat T1 on the shipped server: every spelling of a host is one tenant's, or nobody's."""

import pytest

from tests.gateway.raw_http import ask, exchange
from tests.values.test_hosts import SPELLINGS

PARIS = b"paris.impactnutrition.com"
HQ = b"impactnutrition.com.tn"
ON_THE_WIRE = [(raw, reading) for raw, reading in SPELLINGS if isinstance(raw, bytes)]
# White space around a header's value is not part of it.
TRIMMED = {b" paris.example": 404}
LITERALS = {b"127.0.0.1": 200}


def expected(raw, reading):
    if raw in LITERALS or raw == b"[::1]:8000":
        return 200
    if raw in TRIMMED:
        return TRIMMED[raw]
    if reading.startswith("HOST_"):
        return 400
    return 200 if reading == PARIS.decode() else 404


@pytest.mark.parametrize(("raw", "reading"), ON_THE_WIRE)
async def test_every_spelling_of_a_host_leads_to_one_tenant_or_is_unknown(platform, raw, reading):
    answer = await ask(platform.url, raw)

    assert answer.status == expected(raw, reading)
    if answer.status == 200:
        region_id = "reg_paris" if reading == PARIS.decode() else "reg_hq"
        assert answer.json["regions"][0]["id"] == region_id
    else:
        assert answer.json["code"] in ("HOST_INVALID", "SHOP_UNKNOWN", "REQUEST_INVALID")
        assert set(answer.json) == {"type", "message", "code", "details", "request_id"}


@pytest.mark.parametrize(
    "hosts", [(), (PARIS, PARIS), (PARIS, HQ), (HQ, PARIS), (b"localhost", PARIS)]
)
async def test_a_request_has_exactly_one_host(platform, hosts):
    answer = await ask(platform.url, *hosts)

    assert (answer.status, answer.json["code"]) == (400, "HOST_INVALID")
    assert answer.json["message"].endswith("exactly one Host header.")


@pytest.mark.parametrize("host", [PARIS, HQ])
@pytest.mark.parametrize("port", [b"", b":8000"])
async def test_an_absolute_target_that_agrees_with_the_host_is_served(platform, host, port):
    target = b"http://" + host + port + b"/store/regions"

    answer = await ask(platform.url, host, target=target)

    assert answer.status == 200
    assert answer.json["regions"][0]["id"] == ("reg_paris" if host == PARIS else "reg_hq")


@pytest.mark.parametrize(
    "target",
    [
        b"http://" + PARIS + b"/store/regions",
        b"http://unknown.example/store/regions",
        b"http://" + HQ + b"@" + PARIS + b"/store/regions",
        b"http://localhost/store/regions",
    ],
)
async def test_an_absolute_target_of_another_host_is_refused(platform, target):
    answer = await ask(platform.url, HQ, target=target)

    assert answer.status == 400
    assert answer.json["code"] in ("HOST_DISAGREES", "REQUEST_INVALID")


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n folded: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        b"GET /\xc3\xa9 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET  HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET http:/// HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    ],
)
async def test_a_request_that_is_not_http_gets_an_error_in_the_same_shape(platform, request_bytes):
    answer = await exchange(platform.url, request_bytes)

    assert answer.status == 400
    assert answer.json["type"] == "invalid_data"


async def test_a_path_in_the_host_bends_no_route(platform):
    for host in (b"localhost/docs?", PARIS + b"/docs?", b"localhost#", b"localhost/../"):
        answer = await ask(platform.url, host, target=b"/admin/tenants")

        assert answer.status == 400, host


async def test_forwarded_headers_of_strangers_do_not_change_a_response(platform):
    plain = await ask(platform.url, PARIS)
    for name in ("X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Prefix", "Forwarded",
                 "X-Forwarded-For", "X-Original-URL", "X-Rewrite-URL", "X-HTTP-Method-Override",
                 "Souk-Scope", "X_Tenant_ID", "X.Tenant.Id", "XTenantID"):  # fmt: skip
        answer = await ask(platform.url, PARIS, headers=[(name, "host=lyon.impactnutrition.com")])

        assert (answer.status, answer.body) == (plain.status, plain.body), name
