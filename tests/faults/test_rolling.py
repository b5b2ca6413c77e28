"""An upgrade: every process replaced under load, and nobody notices."""

import asyncio
import itertools

import httpx
import pytest

from tests.faults.ledger import Ledger, truth
from tests.faults.load import Load
from tests.faults.shops import HOSTS, open_shops, token
from tests.faults.twins import NAMES, twins


@pytest.mark.timeout(600)
async def test_every_process_is_replaced_under_load_and_no_request_fails():
    async with twins() as pairs:
        session, ledger = await token(pairs.platform), Ledger()
        headers = {"Authorization": f"Bearer {session}"}
        async with httpx.AsyncClient(
            base_url=pairs.platform.url, headers=headers, trust_env=False
        ) as admin:
            await open_shops(admin)
        await _both_know_the_shops(pairs)

        async with Load(pairs.urls, session, ledger).on():
            for name in NAMES:
                await pairs.roll(name)
                told = f"{name}: reads {ledger.reads}, writes {ledger.writes}"
                assert set(ledger.reads) == set(ledger.writes) == {200}, told

        assert ledger.reads.total() > 200
        ledger.check_answers()
        (await truth(pairs.platform)).check(ledger)


async def _both_know_the_shops(pairs):
    async with asyncio.timeout(20), httpx.AsyncClient(trust_env=False) as shopper:
        for url, host in itertools.product(pairs.urls, HOSTS.values()):
            while (await shopper.get(f"{url}/store/products", headers=host)).status_code != 200:
                await asyncio.sleep(0.05)
