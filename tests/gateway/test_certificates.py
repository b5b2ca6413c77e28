"""A TLS proxy may get certificates for the platform's hosts and those of open shops alone."""

from collections import Counter
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from gateway import certificates, health
from gateway.edge.draining import Server
from gateway.medusa.errors import GATEWAY_BUSY, Refused
from gateway.tenancy.hosts import Hosts


@pytest.fixture
def asks(operator):
    async def status(domain):
        answer = await operator.get(certificates.PATH, params={"domain": domain})
        return answer.status_code

    return status


@pytest.mark.parametrize(
    ("domain", "status"),
    [
        ("paris.impactnutrition.com", 200),
        ("PARIS.impactnutrition.com.", 200),
        ("impactnutrition.com.tn", 200),  # a domain of the head office's own
        ("impactnutrition.com", 200),
        ("lyon.impactnutrition.com", 404),  # its shop is not open
        ("shop.example", 404),
        ("paris.impactnutrition.com.example", 404),
        ("localhost", 404),
        ("127.0.0.1", 404),
        ("[::1]", 404),
        ("", 400),
        ("a b.example", 400),
        ("-.example", 400),
        ("é" * 300, 400),
        ("127.1", 400),
    ],
)
async def test_certificates_are_for_hosts_of_open_shops_and_the_platform(asks, domain, status):
    assert await asks(domain) == status


async def test_a_request_without_a_domain_is_refused(operator):
    assert (await operator.get(certificates.PATH)).status_code == 400


class Limited:
    """A tenancy without shops, which looks up twenty names of each address."""

    def __init__(self):
        self.looked_up: Counter[str] = Counter()

    async def owner(self, host, address):
        if self.looked_up[address] == 20:
            raise Refused(GATEWAY_BUSY)
        self.looked_up[address] += 1


async def test_five_hundred_unknown_names_in_a_row_count_as_those_of_one_client():
    limited = Limited()
    edge = SimpleNamespace(hosts=Hosts("impactnutrition.com", []))
    runtime: Any = SimpleNamespace(edge=edge, tenancy=limited)

    statuses: Counter[int] = Counter()
    for number in range(500):
        answer = await certificates.answer(runtime, {"domain": f"unknown-{number}.example"})
        statuses[answer.status] += 1

    assert statuses == {404: 20, 503: 480}
    assert limited.looked_up.total() == 20
    own = await certificates.answer(runtime, {"domain": "impactnutrition.com"})
    assert own.status == 200


async def test_a_gateway_that_has_not_started_allows_no_certificate():
    class Starting(Server):
        started = False

        def __init__(self):
            pass

    transport = httpx.ASGITransport(health.create_app(Starting()))
    async with httpx.AsyncClient(transport=transport, base_url="http://any") as client:
        answer = await client.get(certificates.PATH, params={"domain": "impactnutrition.com"})

    assert answer.status_code == 503
