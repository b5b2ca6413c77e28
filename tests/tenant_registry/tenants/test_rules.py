"""The states of a tenant, and which act leads from one to another."""

import pytest

from services.tenant_registry.tenants import rules
from services.tenant_registry.tenants.rules import Refused, State

PROVISIONING, ACTIVE, SUSPENDED, ARCHIVED = State
ACTS = {
    "activate": rules.activated,
    "suspend": lambda state: rules.suspended(state, head_office=False),
    "delete": lambda state: rules.archived(state, head_office=False),
    "undelete": rules.undeleted,
}


@pytest.mark.parametrize(
    ("act", "state", "outcome"),
    [
        ("activate", PROVISIONING, ACTIVE),
        ("activate", ACTIVE, ACTIVE),
        ("activate", SUSPENDED, ACTIVE),
        ("activate", ARCHIVED, "TENANT_ARCHIVED"),
        ("suspend", PROVISIONING, SUSPENDED),
        ("suspend", ACTIVE, SUSPENDED),
        ("suspend", SUSPENDED, SUSPENDED),
        ("suspend", ARCHIVED, "TENANT_ARCHIVED"),
        ("delete", PROVISIONING, ARCHIVED),
        ("delete", ACTIVE, ARCHIVED),
        ("delete", SUSPENDED, ARCHIVED),
        ("delete", ARCHIVED, "TENANT_ARCHIVED"),
        ("undelete", PROVISIONING, "TENANT_NOT_ARCHIVED"),
        ("undelete", ACTIVE, "TENANT_NOT_ARCHIVED"),
        ("undelete", SUSPENDED, "TENANT_NOT_ARCHIVED"),
        ("undelete", ARCHIVED, SUSPENDED),
    ],
)
def test_each_act_leads_from_each_state_to_one_state_or_is_refused(act, state, outcome):
    if isinstance(outcome, State):
        assert ACTS[act](state) is outcome
    else:
        with pytest.raises(Refused) as refusal:
            ACTS[act](state)
        assert refusal.value.reason == outcome


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("rule", [rules.suspended, rules.archived])
def test_the_head_office_is_neither_suspended_nor_deleted(rule, state):
    with pytest.raises(Refused) as refusal:
        rule(state, head_office=True)

    assert refusal.value.reason == "HEAD_OFFICE_PROTECTED"
