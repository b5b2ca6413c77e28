"""Random walks of roles given and taken, on a database of their own, beside a model of it.

The model knows the four roles as letters and shares no code with what decides. `make test` takes a
few hundred steps; `make campaign-access` 50,000.
"""

import asyncio
import os
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from souk.tenant_registry.v1 import tenant_pb2 as pb

from services.kernel.db import Database
from services.kernel.errors import ServiceError
from services.kernel.scope import Scope, bound
from services.tenant_registry.access import grants
from services.tenant_registry.access.grants import Wanted
from services.tenant_registry.tenants import fields
from services.tenant_registry.tenants.rules import State
from services.tenant_registry.tenants.servicer import added
from tests import cluster
from tests.tenant_registry.test_granting import LETTERS, WORLDS, letters

CAMPAIGN = os.environ.get("SOUK_CAMPAIGN") == "access"
WALKS, STEPS = (1_000, 50) if CAMPAIGN else (8, 30)
ADMINS = [f"user_{number}" for number in range(5)]
PLACES = (None, "paris", "lyon")
admins, places = st.sampled_from(ADMINS), st.sampled_from(PLACES)
ROWS = (
    "SELECT admin_id, role_id, tenant_id FROM assignment JOIN admin USING (admin_id)"
    " WHERE revoke_time IS NULL AND deactivate_time IS NULL"
)


@dataclass
class World:
    """A database of the walk's own, and the loop that its connections live in."""

    runner: asyncio.Runner
    database: Database
    rows: asyncpg.Connection

    def act(self, actor: str, act: Any) -> str:
        """Does something as somebody in one transaction; tells the reason of a refusal."""

        async def run() -> str:
            with bound(Scope(None, actor, frozenset()), "souk.tenant_registry.v1.Walk/Step"):
                try:
                    async with self.database.platform() as session:
                        await act(session)
                except ServiceError as refused:
                    return refused.reason
            return ""

        return self.runner.run(run())


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        started = runner.run(stack.enter_async_context(cluster.running()))
        database = runner.run(stack.enter_async_context(started.doors("tenant_registry")))
        rows = runner.run(started.connect("tenant_registry"))
        world = World(runner, database, rows)
        _make_tenants(world)
        yield world
        runner.run(rows.close())
        runner.run(stack.aclose())


def _make_tenants(world: World) -> None:
    wanted = pb.Tenant(
        display_name="A walk's", country_code="FR", currency_code="EUR", default_locale="fr"
    )
    for name in ("paris", "lyon"):
        done = world.act(
            grants.OWN,
            lambda s, name=name: added(s, name, fields.completed(wanted), state=State.ACTIVE),
        )
        assert done == ""


class Walk(RuleBasedStateMachine):
    world: World

    @initialize()
    def begin(self) -> None:
        self.active = set(ADMINS)
        self.held: list[tuple[str, str, str | None]] = []
        self.world.runner.run(self.world.rows.execute("TRUNCATE assignment, admin CASCADE"))
        for admin in ADMINS:
            self.world.runner.run(
                self.world.rows.execute(
                    "INSERT INTO admin (admin_id, email, first_name, last_name, password_hash,"
                    " create_time, update_time) VALUES ($1, $1, '', '', '!', now(), now())",
                    admin,
                )
            )
        for admin, role, place in (
            (ADMINS[0], "GlobalAdmin", None),
            (ADMINS[0], "TenantAdmin", "paris"),
            (ADMINS[1], "TenantAdmin", "lyon"),
        ):
            self._first(admin, place)
            self.held.append((admin, role, place))

    def _first(self, admin: str, place: str | None) -> None:
        done = self.world.act(
            grants.OWN, lambda s: grants.give_first(s, admin, tenant=place, reason="the first")
        )
        assert done == ""

    def power(self, admin: str, world: str) -> set[str]:
        if admin not in self.active:
            return set()
        return set().union(*(letters(r, at, world) for a, r, at in self.held if a == admin))

    def is_over_more(self, actor: str, target: str, reached: set[str | None]) -> bool:
        """Whether the target, active or not, was given what the actor does not hold there."""
        theirs = [(r, at) for a, r, at in self.held if a == target]
        return actor != target and any(
            not set().union(*(letters(r, at, w) for r, at in theirs)) <= self.power(actor, w)
            for place in reached
            for w in (*WORLDS[place], *(("paris", "lyon") if place is None else ()))
            if w in WORLDS[place] or any(at == w for _, at in theirs)
        )

    def is_last(self, admin: str, role: str, place: str | None) -> bool:
        """Whether nobody else active keeps the place, nor the same admin by another assignment."""
        needed = "TenantAdmin" if place else "GlobalAdmin"
        if role != needed or admin not in self.active:
            return False
        return [a for a, r, at in self.held if (r, at) == (role, place) and a in self.active] == [
            admin
        ]

    @rule(actor=admins, other=admins, role=st.sampled_from(sorted(LETTERS)), place=places)
    def give(self, actor: str, other: str, role: str, place: str | None) -> None:
        wanted = Wanted(other, role, place, "a walk")
        reason = self.world.act(f"admins/{actor}", lambda s: grants.give(s, wanted))

        within = all(letters(role, place, w) <= self.power(actor, w) for w in WORLDS[place])
        over = any(not self.power(other, w) <= self.power(actor, w) for w in WORLDS[place])
        may = other in self.active and actor != other and within and not over
        may = may and not (role == "GlobalAdmin" and place is not None)
        may = may and (other, role, place) not in self.held
        assert (reason == "") == may, (reason, actor, other, role, place, self.held)
        if may:
            self.held.append((other, role, place))

    @rule(actor=admins, number=st.integers(0, 50))
    def take(self, actor: str, number: int) -> None:
        if not self.held:
            return
        target, role, place = self.held[number % len(self.held)]
        found = self.world.runner.run(
            self.world.rows.fetchval(
                "SELECT assignment_id FROM assignment WHERE admin_id = $1 AND role_id = $2"
                " AND tenant_id IS NOT DISTINCT FROM $3 AND revoke_time IS NULL LIMIT 1",
                target, role, place,
            )
        )  # fmt: skip
        reason = self.world.act(f"admins/{actor}", lambda s: grants.take(s, found, tenant=place))

        theirs = [(r, at) for a, r, at in self.held if a == target]
        over = actor != target and any(
            not set().union(*(letters(r, at, w) for r, at in theirs)) <= self.power(actor, w)
            for w in WORLDS[place]
        )
        may = not over and not self.is_last(target, role, place)
        assert (reason == "") == may, (reason, actor, target, role, place, self.held)
        if may:
            self.held.remove((target, role, place))

    @rule(actor=admins, other=admins)
    def deactivate(self, actor: str, other: str) -> None:
        reason = self.world.act(f"admins/{actor}", lambda s: grants.deactivate(s, other))

        reached = {at for a, _, at in self.held if a == other}
        last = any(self.is_last_by_any(other, place) for place in reached)
        may = not self.is_over_more(actor, other, reached) and not last
        assert (reason == "") == may, (reason, actor, other, self.held)
        if may:
            self.active.discard(other)

    @rule(actor=admins, other=admins)
    def activate(self, actor: str, other: str) -> None:
        reason = self.world.act(f"admins/{actor}", lambda s: grants.activate(s, other))

        reached = {at for a, _, at in self.held if a == other}
        may = actor != other and not self.is_over_more(actor, other, reached)
        may = may or other in self.active
        assert (reason == "") == may, (reason, actor, other, self.held)
        if may:
            self.active.add(other)

    def is_last_by_any(self, admin: str, place: str | None) -> bool:
        needed = "TenantAdmin" if place else "GlobalAdmin"
        keepers = {a for a, r, at in self.held if (r, at) == (needed, place) and a in self.active}
        return keepers == {admin}

    @invariant()
    def what_is_stored_is_what_was_given(self) -> None:
        if not hasattr(self, "held"):
            return
        stored = self.world.runner.run(self.world.rows.fetch(ROWS))
        counting = [one for one in self.held if one[0] in self.active]
        assert sorted(map(str, map(tuple, stored))) == sorted(map(str, counting))
        for place in PLACES:
            needed = "TenantAdmin" if place else "GlobalAdmin"
            assert any((r, at) == (needed, place) for _, r, at in counting), place


@pytest.mark.timeout(7_200)
def test_no_walk_gives_more_than_was_held_or_leaves_a_place_without_its_admin(world):
    Walk.world = world
    run_state_machine_as_test(
        Walk,
        settings=settings(
            max_examples=WALKS,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=not CAMPAIGN,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
