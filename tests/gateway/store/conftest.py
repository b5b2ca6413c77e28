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
