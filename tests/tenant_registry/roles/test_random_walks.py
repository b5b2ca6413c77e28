"""Random walks of roles given and taken, on a database of their own, beside a model of it.

The model knows the four roles as letters and shares no code with what decides. Roles begin and end
by a clock of the walk's own. `make test` takes a few hundred steps; `make campaign-access` 50,000.
"""

import asyncio
import os
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, NamedTuple

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

from services.kernel.call.errors import ServiceError
from services.kernel.call.scope import Scope, bound
from services.kernel.data.database import Database
from services.tenant_registry.accounts import admin_lifecycle
from services.tenant_registry.roles import assigning, locking
from services.tenant_registry.roles.assigning import RequestedRole
from services.tenant_registry.tenants import fields
from services.tenant_registry.tenants.rules import State
from services.tenant_registry.tenants.tenants import add_tenant
from tests import cluster
from tests.tenant_registry.roles.test_assignment_rules import LETTERS, WORLDS, letters

CAMPAIGN = os.environ.get("SOUK_CAMPAIGN") == "access"
WALKS, STEPS = (1_100, 50) if CAMPAIGN else (8, 30)
ADMINS = [f"user_{number}" for number in range(5)]
PLACES = (None, "paris", "lyon")
admins, places = st.sampled_from(ADMINS), st.sampled_from(PLACES)
BEGIN, HOUR = datetime(2030, 1, 1, tzinfo=UTC), timedelta(hours=1)
ROWS = (
    "SELECT assignment_id, admin_id, role_id, tenant_id FROM assignment JOIN admin USING (admin_id)"
    " WHERE revoke_time IS NULL AND deactivate_time IS NULL"
    " AND (until_time IS NULL OR until_time > $1)"
)


class Clock:
    """Stands in for datetime where the registry asks for the time of an act; in whole hours."""

    def __init__(self) -> None:
        self.hours = 0

    def now(self, _: tzinfo) -> datetime:
        return self.at(self.hours)

    def at(self, hours: int) -> datetime:
        return BEGIN + hours * HOUR


class Held(NamedTuple):
    """An assignment that nobody took back, and that is not over."""

    assignment: str
    admin: str
    role: str
    place: str | None
    begins: int = 0
    ends: int | None = None

    def lasts(self, until: int | None) -> bool:
        return self.ends is None or (until is not None and until <= self.ends)


@dataclass
class World:
    """A database of the walk's own, and the loop that its connections live in."""

    runner: asyncio.Runner
    database: Database
    rows: asyncpg.Connection
    clock: Clock
    done: Any = None  # what the last act answered

    def act(self, actor: str, act: Any) -> str:
        """Does something as somebody in one transaction; tells the reason of a refusal."""

        async def run() -> str:
            with bound(Scope(None, actor, frozenset()), "souk.tenant_registry.v1.Walk/Step"):
                try:
                    async with self.database.platform() as session:
                        self.done = await act(session)
                except ServiceError as refused:
                    return refused.reason
            return ""

        return self.runner.run(run())


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        started = runner.run(stack.enter_async_context(cluster.running()))
        rows = runner.run(started.connect("tenant_registry"))
        # A walk waits for no disk: what it writes need not outlive the machine.
        runner.run(rows.execute("ALTER DATABASE tenant_registry SET synchronous_commit = off"))
        database = runner.run(stack.enter_async_context(started.doors("tenant_registry")))
        world = World(runner, database, rows, Clock())
        _make_tenants(world)
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(locking, "datetime", world.clock)
            yield world
        runner.run(rows.close())
        runner.run(stack.aclose())


def _make_tenants(world: World) -> None:
    tenant = pb.Tenant(
        display_name="A walk's", country_code="FR", currency_code="EUR", default_locale="fr"
    )
    for name in ("paris", "lyon"):
        done = world.act(
            assigning.REGISTRY,
            lambda s, name=name: add_tenant(s, name, fields.completed(tenant), state=State.ACTIVE),
        )
        assert done == ""


class Walk(RuleBasedStateMachine):
    world: World
    steps = 0

    @initialize()
    def begin(self) -> None:
        self.world.clock.hours = 0
        self.active = set(ADMINS)
        self.world.runner.run(self._only_admins())
        for admin, place in ((ADMINS[0], None), (ADMINS[0], "paris"), (ADMINS[1], "lyon")):
            self._first(admin, place)
        stored = self.world.runner.run(self.world.rows.fetch(ROWS, BEGIN))
        self.held = [Held(*row) for row in stored]

    async def _only_admins(self) -> None:
        await self.world.rows.execute("DELETE FROM assignment; DELETE FROM admin")
        await self.world.rows.execute(
            "INSERT INTO admin (admin_id, email, first_name, last_name, password_hash,"
            " create_time, update_time) SELECT id, id, '', '', '!', now(), now()"
            " FROM unnest($1::text[]) id",
            ADMINS,
        )

    def _first(self, admin: str, place: str | None) -> None:
        done = self.world.act(
            assigning.REGISTRY,
            lambda s: assigning.give_first(s, admin, tenant=place, reason="the first"),
        )
        assert done == ""

    @property
    def now(self) -> int:
        return self.world.clock.hours

    def power(self, admin: str, world: str, until: int | None = 0) -> set[str]:
        """What somebody holds in a world now and until then; by default now alone."""
        if admin not in self.active:
            return set()
        counting = (
            one for one in self.held
            if one.admin == admin and one.begins <= self.now and one.lasts(until)
        )  # fmt: skip
        return set().union(*(letters(one.role, one.place, world) for one in counting))

    def is_over_more(self, actor: str, target: str, reached: set[str | None]) -> bool:
        """Whether the target, active or not, was given what the actor does not hold there."""
        theirs = [one for one in self.held if one.admin == target]
        return actor != target and any(
            not letters(one.role, one.place, w) <= self.power(actor, w)
            for one in theirs
            for place in reached
            for w in WORLDS[place]
        )

    def knows(self, actor: str, target: str, place: str | None) -> bool:
        """Whether the target is a member there, or the actor sees all admins."""
        sees_all = any(
            (one.admin, one.role, one.place) == (actor, "GlobalAdmin", None)
            and one.begins <= self.now and actor in self.active
            for one in self.held
        )  # fmt: skip
        return sees_all or any((one.admin, one.place) == (target, place) for one in self.held)

    def keepers(self, place: str | None) -> list[Held]:
        """What keeps a place from having nobody: begun, without an end, of who is active."""
        needed = "TenantAdmin" if place else "GlobalAdmin"
        return [
            one for one in self.held
            if (one.role, one.place, one.ends) == (needed, place, None)
            and one.begins <= self.now and one.admin in self.active
        ]  # fmt: skip

    @rule(hours=st.integers(1, 3))
    def wait(self, hours: int) -> None:
        self.world.clock.hours += hours
        self.held = [one for one in self.held if one.ends is None or one.ends > self.now]

    @rule(
        actor=admins, other=admins, role=st.sampled_from(sorted(LETTERS)), place=places,
        later=st.sampled_from((0, 0, 2)), hours=st.sampled_from((None, None, 1, 4)),
        accepted=st.booleans(),
    )  # fmt: skip
    def give(
        self, actor: str, other: str, role: str, place: str | None, later: int,
        hours: int | None, accepted: bool,
    ) -> None:  # fmt: skip
        begins = self.now + later
        ends = begins + hours if hours else None
        at = self.world.clock.at
        requested = RequestedRole(
            other, role, place, "a walk",
            from_time=at(begins) if later else None,
            until_time=None if ends is None else at(ends),
        )  # fmt: skip
        if accepted:
            reason = self.world.act(
                "services/gateway",
                lambda s: assigning.give_accepted(s, requested, giver=f"admins/{actor}"),
            )
        else:
            reason = self.world.act(f"admins/{actor}", lambda s: assigning.give(s, requested))

        within = all(letters(role, place, w) <= self.power(actor, w, ends) for w in WORLDS[place])
        may = other in self.active and actor != other and within
        may = may and not self.is_over_more(actor, other, {place})
        may = may and (accepted or self.knows(actor, other, place))
        may = may and not (role == "GlobalAdmin" and place is not None)
        may = may and not any(
            (one.admin, one.role, one.place) == (other, role, place)
            and one.begins <= begins and one.lasts(ends)
            for one in self.held
        )  # fmt: skip
        assert (reason == "") == may, (reason, actor, requested, self.now, self.held)
        if may:
            made = self.world.done.assignment.assignment_id
            self.held.append(Held(made, other, role, place, begins, ends))

    @rule(actor=admins, number=st.integers(0, 50))
    def take(self, actor: str, number: int) -> None:
        taken = self.held[number % len(self.held)]
        reason = self.world.act(
            f"admins/{actor}", lambda s: assigning.take(s, taken.assignment, tenant=taken.place)
        )

        may = not self.is_over_more(actor, taken.admin, {taken.place})
        may = may and self.keepers(taken.place) != [taken]
        assert (reason == "") == may, (reason, actor, taken, self.now, self.held)
        if may:
            self.held.remove(taken)

    @rule(actor=admins, other=admins)
    def deactivate(self, actor: str, other: str) -> None:
        reason = self.world.act(f"admins/{actor}", lambda s: admin_lifecycle.deactivate(s, other))

        last = any({one.admin for one in self.keepers(place)} == {other} for place in PLACES)
        may = not self.is_over_more(actor, other, self._places_of(other)) and not last
        assert (reason == "") == may, (reason, actor, other, self.now, self.held)
        if may:
            self.active.discard(other)

    @rule(actor=admins, other=admins)
    def activate(self, actor: str, other: str) -> None:
        reason = self.world.act(f"admins/{actor}", lambda s: admin_lifecycle.activate(s, other))

        may = other in self.active or (
            actor != other
            and all(
                letters(one.role, one.place, w) <= self.power(actor, w, one.ends)
                for one in self.held
                if one.admin == other
                for w in WORLDS[one.place]
            )
        )
        assert (reason == "") == may, (reason, actor, other, self.now, self.held)
        if may:
            self.active.add(other)

    def _places_of(self, admin: str) -> set[str | None]:
        return {one.place for one in self.held if one.admin == admin}

    @invariant()
    def what_is_stored_is_what_was_given(self) -> None:
        if not hasattr(self, "held"):
            return
        Walk.steps += 1
        now = self.world.clock.at(self.now)
        stored = self.world.runner.run(self.world.rows.fetch(ROWS, now))
        counting = {one[:4] for one in self.held if one.admin in self.active}
        assert {tuple(row) for row in stored} == counting
        for place in PLACES:
            assert self.keepers(place), place


@pytest.mark.timeout(7_200)
def test_no_sequence_of_steps_grants_more_than_was_held_or_removes_the_last_admin(
    world, record_property
):
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
    record_property("steps", Walk.steps)
