"""Decisions against Cedar, another engine for the same question, on random admins and questions.

Each world has one admin with some roles, past, present and to come. Cedar is given a policy for
each, written here from the seeded policies: it shares no code with what decides.
"""

import json
import os
import random
from datetime import UTC, datetime, timedelta

import pytest
from cedarpy import Decision, Entities, PolicySet, is_authorized_batch, validate_policies

from services.tenant_registry.roles import evaluation
from services.tenant_registry.roles.evaluation import AssignedPolicy, Verdict
from services.tenant_registry.roles.permissions import PERMISSIONS
from tests.isolation.model import WITHOUT_ACCESS_GRANT, covers
from tests.tenant_registry.roles.test_assignment_rules import ROLES

CAMPAIGN = os.environ.get("SOUK_CAMPAIGN") == "access"
# 100 questions to each.
WORLDS = 1_000 if CAMPAIGN else 150
BEGIN = datetime(2026, 11, 25, tzinfo=UTC)
END = 1_000
TENANTS = ("hq", "paris", "lyon")
WORDS = {
    reach: sorted({*held, "order:read", "nothing:known"}) for reach, held in PERMISSIONS.items()
}
ACTIONS = ", ".join(json.dumps(word) for word in sorted({*WORDS["PLATFORM"], *WORDS["TENANT"]}))
SCHEMA = f"""
entity Group;
entity Place in [Group] {{ open_to: Set<Admin> }};
entity Admin {{ active: Bool }};
action {ACTIONS} appliesTo {{ principal: Admin, resource: Place, context: {{ now: Long }} }};
"""


def a_world(chance):
    """An admin's grants, whether they are active, and the tenants that are open to them."""
    grants = []
    for number in range(chance.randrange(7)):
        role = chance.choice(sorted(ROLES))
        times = sorted(chance.sample(range(20), 3))
        known = {
            "tenant": chance.choice([None, *TENANTS]),
            "from_time": BEGIN + timedelta(hours=times[0]),
            "until_time": chance.choice([None, BEGIN + timedelta(hours=times[2])]),
            "revoke_time": chance.choice([None, None, BEGIN + timedelta(hours=times[1])]),
            "assignment": f"asgn_{number}",
        }
        grants += [
            AssignedPolicy(role=role, reach=reach, patterns=patterns, **known)
            for reach, patterns in ROLES[role].items()
        ]
    opened = {"hq", *chance.sample(TENANTS, chance.randrange(3))}
    return grants, chance.random() < 0.9, opened


def hours(moment):
    return END if moment is None else round((moment - BEGIN) / timedelta(hours=1))


def a_policy(grant, words, resource, more=""):
    if not words:
        return ""
    actions = ", ".join(f"Action::{json.dumps(word)}" for word in words)
    begins, ends = hours(grant.from_time), min(hours(grant.until_time), hours(grant.revoke_time))
    return (
        f'permit(principal == Admin::"a", action in [{actions}], resource {resource}) when {{'
        f" principal.active && context.now >= {begins} && context.now < {ends}{more} }};\n"
    )


def policies_of(grants):
    text = ""
    for grant in grants:
        words = [
            word
            for word in PERMISSIONS[grant.reach]
            if any(covers(pattern, word) for pattern in grant.patterns)
        ]
        if grant.reach == "PLATFORM":
            text += a_policy(grant, words if grant.tenant is None else [], '== Place::"/"')
        elif grant.tenant is not None:
            text += a_policy(grant, words, f'== Place::"{grant.tenant}"')
        else:
            running = [w for w in words if any(covers(p, w) for p in WITHOUT_ACCESS_GRANT)]
            looking = " && resource.open_to.contains(principal)"
            text += a_policy(grant, running, 'in Group::"tenants"')
            text += a_policy(grant, words, 'in Group::"tenants"', looking)
    return text


def entities_of(active, opened):
    def entity(kind, name, attributes, *parents):
        return {"uid": {"type": kind, "id": name}, "attrs": attributes, "parents": list(parents)}

    admin = {"__entity": {"type": "Admin", "id": "a"}}
    tenants = {"type": "Group", "id": "tenants"}
    places = [
        entity("Place", name, {"open_to": [admin] if name in opened else []}, tenants)
        for name in TENANTS
    ]
    platform = entity("Place", "/", {"open_to": []})
    return json.dumps([entity("Admin", "a", {"active": active}), platform, *places])


def questions(chance):
    for _ in range(100):
        at = chance.choice([None, *TENANTS])
        yield at, chance.choice(WORDS["PLATFORM" if at is None else "TENANT"]), chance.randrange(21)


def decided(grants, active, opened, at, word, now):
    """What is decided, by the sum of all grants and by the explanation; they must agree."""
    moment = BEGIN + timedelta(hours=now)
    access = evaluation.access(grants, at=at, now=moment, open_tenants=opened)
    weighed = [
        evaluation.policy_effect(g, at=at, now=moment, open_tenants=opened, active=active)
        for g in grants
    ]
    explained = Verdict.COUNTS in {one.about(word) for one in weighed}
    assert explained == (active and word in access.permissions)
    return explained


def test_the_policies_of_the_oracle_are_sound():
    grants = [
        AssignedPolicy(role, tenant, BEGIN, None, None, reach, patterns)
        for role, reaches in ROLES.items()
        for reach, patterns in reaches.items()
        for tenant in (None, "paris")
    ]

    checked = validate_policies(policies_of(grants), SCHEMA)

    assert checked.validation_passed, checked.errors


@pytest.mark.timeout(1_200)
def test_every_decision_is_cedars(record_property):
    chance = random.Random(20261125)  # the same cases every time
    allowed = 0
    for number in range(WORLDS):
        grants, active, opened = a_world(chance)
        cases = list(questions(chance))
        requests = [
            {
                "principal": 'Admin::"a"',
                "action": f"Action::{json.dumps(word)}",
                "resource": f'Place::"{at or "/"}"',
                "context": {"now": now},
            }
            for at, word, now in cases
        ]
        responses = is_authorized_batch(
            requests,
            PolicySet.from_str(policies_of(grants)),
            Entities.from_json_str(entities_of(active, opened)),
        )
        for one, answer in zip(cases, responses, strict=True):
            assert not answer.diagnostics.errors
            ours = decided(grants, active, opened, *one)
            assert ours == (answer.decision == Decision.Allow), (number, one, grants)
            allowed += ours
    record_property("decisions", WORLDS * 100)
    assert WORLDS * 100 * 0.05 < allowed < WORLDS * 100 * 0.95
