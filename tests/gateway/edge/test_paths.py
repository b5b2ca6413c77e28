"""Paths that a proxy could read differently: refused, whatever their routes would have said."""

import pytest

from gateway.edge.paths import check_path
from gateway.medusa.errors import Refused
from tests.gateway.raw_http import ask

PLAIN = [
    b"/",
    b"/store/products/prod_01J",
    b"/admin/tenants/paris/domains/b%C3%BCcher.example",
    b"/admin/users/a%20b@c%3Ad%2b",
    b"/a..b/...",
    b"/~x",
]
AMBIGUOUS = [
    b"/admin%2Ftenants",
    b"/admin%2ftenants",
    b"/admin%5Ctenants",
    b"/admin\\tenants",
    b"/%61dmin/tenants",
    b"/%41",
    b"/%7A",
    b"/%30",
    b"/%2D",
    b"/%5F",
    b"/%7e",
    b"/admin/tenants%00",
    b"/admin/%0a",
    b"/%7F",
    b"/store/%2e%2e/admin",
    b"/store/%2E/products",
    b"/store/../admin/tenants",
    b"/store/.",
    b"/admin%252Ftenants",
    b"/admin/%",
    b"/admin/%2",
    b"/admin/%zz",
]


@pytest.mark.parametrize("path", PLAIN)
def test_a_plain_path_passes(path):
    check_path(path)


@pytest.mark.parametrize("path", AMBIGUOUS)
def test_a_path_that_proxies_read_differently_is_refused(path):
    with pytest.raises(Refused) as refused:
        check_path(path)

    assert (refused.value.problem.status, refused.value.problem.code) == (400, "PATH_INVALID")


@pytest.mark.parametrize("prefix", [b"", b"/t/paris", b"http://localhost"])
async def test_no_route_is_reached_by_an_encoded_path(platform, prefix):
    for path in (
        b"/admin%2Ftenants",
        b"/%61dmin/tenants",
        b"/store%2fregions",
        b"/store/./regions",
    ):
        answer = await ask(platform.url, b"localhost", target=prefix + path)

        assert (answer.status, answer.json["code"]) == (400, "PATH_INVALID")
        assert answer.headers["cache-control"] == "no-store"
