"""One platform with proxies in its edges, for all fault tests that leave it whole."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.faults.matrix import Field, field


@pytest_asyncio.fixture(scope="package")
async def ground() -> AsyncIterator[Field]:
    async with field() as made:
        yield made
