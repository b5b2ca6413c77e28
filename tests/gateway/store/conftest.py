"""Reads of the storefront as a shopper of a tenant."""

import pytest


@pytest.fixture
def read(http, host):
    """Reads a path as a shopper of a tenant."""

    async def get(tenant, path, **query):
        answer = await http.get(path, params=query, headers=host(tenant))
        answer.raise_for_status()
        return answer.json()

    return get


@pytest.fixture
def read_all(read):
    """Reads every page of a list: other tests of the run have added to it."""

    async def get(tenant, path, **query):
        found: list[dict[str, object]] = []
        while True:
            page = await read(tenant, path, limit=200, offset=len(found), **query)
            [plural] = page.keys() - {"count", "offset", "limit", "estimate_count"}
            found += page[plural]
            if not page[plural] or len(found) == page["count"]:
                assert len(found) == page["count"]
                return found

    return get
