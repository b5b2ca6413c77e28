"""Events that need no cluster, and an export of three."""

import pytest

from services.kernel.evidence.event_signatures import EventKey
from tests.audit.conftest import signed_events
from tests.audit.exports.made_exports import SERVICE_KEY, records_of


@pytest.fixture
def event():
    """Makes events that need no cluster."""
    return signed_events(lambda service: EventKey(service, SERVICE_KEY))


@pytest.fixture
def records(event):
    """An export of three events, none of them erased; the second shows a formula's sign."""
    return records_of("paris", [event("paris"), event("paris", actor="=1+1"), event("paris")])
