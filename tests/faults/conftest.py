"""One platform with proxies between its processes, for all fault tests that leave it whole."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.faults.matrix import Testbed, running_testbed


@pytest_asyncio.fixture(scope="package")
async def testbed() -> AsyncIterator[Testbed]:
    async with running_testbed() as testbed:
        yield testbed
