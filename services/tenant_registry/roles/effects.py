"""The effects of an act on what an admin may do, place by place: pure rules."""

from collections.abc import Iterator
from datetime import datetime

from souk.tenant_registry.v1 import assignment_service_pb2 as pb

from services.tenant_registry.roles import evaluation
from services.tenant_registry.roles.assignment_rules import ANY_OTHER, Holder

# The most that one answer lists.
LIMIT = 50


def between(before: Holder, after: Holder, *, now: datetime, head_office: str) -> list[pb.Effect]:
    """Lists the places where access changes now; a role that starts later has no effect yet."""
    places: set[str | None] = {policy.tenant for policy in (*before.policies, *after.policies)}
    if None in places:
        places |= {ANY_OTHER, head_office}
    changed = list(_effects(before, after, places, now, head_office))
    return sorted(changed, key=lambda effect: effect.place)[:LIMIT]


def _effects(
    before: Holder, after: Holder, places: set[str | None], now: datetime, head_office: str
) -> Iterator[pb.Effect]:
    for at in places:
        old, new = (_permissions(holder, at, now, head_office) for holder in (before, after))
        if old != new:
            yield pb.Effect(
                admin=f"admins/{after.admin}",
                place="" if at is None else f"tenants/{at or '-'}",
                gained=sorted(new - old),
                lost=sorted(old - new),
            )


def _permissions(holder: Holder, at: str | None, now: datetime, head_office: str) -> frozenset[str]:
    if not holder.active:
        return frozenset()
    return evaluation.access(
        holder.policies, at=at, now=now, open_tenants={head_office}
    ).permissions
