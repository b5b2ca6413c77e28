"""Processes killed, paused or misled, under load: `prove` says what must hold in all of them."""

import pytest

from tests.faults.matrix import prove
from tests.faults.rows import PROCESSES


@pytest.mark.parametrize("row", PROCESSES, ids=lambda row: row.name.replace(" ", "-"))
async def test_acts_are_whole_and_shops_apart_while(ground, row):
    await prove(ground, row)
