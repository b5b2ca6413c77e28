"""An upgrade: every process replaced under load, and nobody notices."""

import pytest

from tests.faults.rolling_upgrade import upgrade_under_load


@pytest.mark.timeout(600)
async def test_every_process_is_replaced_under_load_and_no_request_fails():
    # It checks each answer, and at the end what is stored and told of it.
    await upgrade_under_load(breath=0.2, writers=1)
