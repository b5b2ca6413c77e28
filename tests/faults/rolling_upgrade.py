"""An upgrade: every process of a platform of pairs replaced under load, and nobody notices."""

import asyncio
import itertools
import time
from typing import Any

import httpx

from tests.faults.ledger import Ledger, read_databases
from tests.faults.load import Load
from tests.faults.shops import HOSTS, open_shops, token
from tests.faults.two_instances import NAMES, TwoInstances, two_instances

_READS_BETWEEN = 5
"""How many are answered at least before the next process is replaced."""


async def upgrade_under_load(*, requests: int = 0, seconds: float = 0.0, **load: Any) -> Ledger:
    """Replaces every process one after the other; each request meanwhile must be answered well.

    Does so again until that many `requests` were answered, or the time is over.
    """
    ends = time.monotonic() + seconds
    async with two_instances() as instances:
        session, ledger = await token(instances.platform), Ledger()
        await _open(instances, session)
        async with Load(instances.urls, session, ledger, **load).on():
            for name in itertools.cycle(NAMES):
                await instances.replace_both(name)
                await ledger.wait_for_answers(
                    reads=ledger.reads.total() + _READS_BETWEEN,
                    writes=ledger.writes.total() + 1,
                    within=30,
                )
                summary = f"{name}: reads {ledger.reads}, writes {ledger.writes}, {ledger.losses}"
                assert set(ledger.reads) == set(ledger.writes) == {200}, summary
                is_enough = ledger.answers >= requests or time.monotonic() > ends
                if name == NAMES[-1] and is_enough:
                    break
        ledger.check_answers()
        (await read_databases(instances.platform)).check(ledger)
        return ledger


async def _open(instances: TwoInstances, session: str) -> None:
    """Opens two shops, and waits until both gateways know them."""
    headers = {"Authorization": f"Bearer {session}"}
    async with httpx.AsyncClient(
        base_url=instances.platform.url, headers=headers, trust_env=False, timeout=20
    ) as admin:
        await open_shops(admin)
    async with asyncio.timeout(20), httpx.AsyncClient(trust_env=False) as shopper:
        for url, host in itertools.product(instances.urls, HOSTS.values()):
            while (await shopper.get(f"{url}/store/products", headers=host)).status_code != 200:
                await asyncio.sleep(0.05)
