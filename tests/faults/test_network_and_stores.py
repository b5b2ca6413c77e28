"""Ways cut, slow or silent, stores that are ill, hard clients: `check_row` says what must hold."""

import pytest

from tests.faults.matrix import check_row
from tests.faults.rows import NETWORK_AND_STORES


@pytest.mark.parametrize("row", NETWORK_AND_STORES, ids=lambda row: row.name.replace(" ", "-"))
async def test_no_act_is_lost_and_no_shop_sees_another_while(testbed, row):
    await check_row(testbed, row)
