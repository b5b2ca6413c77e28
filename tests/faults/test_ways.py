"""Ways cut, slow or silent, stores that are ill, hard clients: `prove` says what must hold."""

import pytest

from tests.faults.matrix import prove
from tests.faults.rows import WAYS


@pytest.mark.parametrize("row", WAYS, ids=lambda row: row.name.replace(" ", "-"))
async def test_acts_are_whole_and_shops_apart_while(ground, row):
    await prove(ground, row)
