"""An upgrade: every process replaced under load, and nobody notices."""

import pytest

from tests.faults.upgrade import replaced_under_load


@pytest.mark.timeout(600)
async def test_every_process_is_replaced_under_load_and_no_request_fails():
    ledger = await replaced_under_load()

    assert ledger.reads.total() > 200
