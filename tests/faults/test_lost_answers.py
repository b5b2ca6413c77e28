"""Done, and the answer lost on its way: asked again with the same key, it was done once."""

import asyncio
import uuid

import httpx
import pytest

from tests.faults.ledger import COLLECTION, read_databases
from tests.faults.proxy import Fault

CONNECTIONS = (("client", "gateway"), ("gateway", "catalog-opt-in"), ("catalog-opt-in", "postgres"))
PARTS_OF_THE_ANSWER = (0.0, 0.1, 0.5, 0.9, 1.0)


def client(testbed):
    return httpx.AsyncClient(
        base_url=testbed.platform.public_url,
        headers={"Authorization": f"Bearer {testbed.token}"},
        timeout=20,
        trust_env=False,
    )


async def ask(http, title, key):
    """Asks once; None when there is no answer."""
    try:
        return await http.post(
            "/admin/collections", json={"title": title}, headers={"Idempotency-Key": key}
        )
    except httpx.TransportError:
        return None


async def ask_until_done(http, title, key):
    """Asks until the answer is a good one."""
    async with asyncio.timeout(20):
        while (answer := await ask(http, title, key)) is None or answer.status_code != 200:
            assert answer is None or answer.status_code in (409, 503, 504), answer.text
            await asyncio.sleep(0.05)
    return answer.json()


@pytest.mark.parametrize("connection", CONNECTIONS, ids=lambda connection: "-to-".join(connection))
async def test_a_write_whose_answer_is_cut_anywhere_is_done_once(testbed, connection):
    proxy, ledger = testbed.platform.proxies[connection], testbed.ledger
    async with client(testbed) as http:
        whole = f"Entier {uuid.uuid4().hex}"
        ledger.intended.add((COLLECTION, whole))
        with proxy.degraded(Fault()):
            await ask_until_done(http, whole, str(uuid.uuid4()))
            length = proxy.answers.passed

        for part in PARTS_OF_THE_ANSWER:
            title, key = f"Coupe {uuid.uuid4().hex}", str(uuid.uuid4())
            ledger.intended.add((COLLECTION, title))
            with proxy.degraded(answers=Fault(cut_after=int(part * length))):
                await ask(http, title, key)
            first = await ask_until_done(http, title, key)
            assert await ask_until_done(http, title, key) == first
            ledger.acknowledged.add((COLLECTION, title))

    (await read_databases(testbed.platform)).check(ledger)
