"""Which roles the claims of somebody give them: pure rules."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """Who has `value` in `claim` holds `role` at `tenant`, or everywhere for None."""

    claim: str
    value: str
    role: str
    tenant: str | None


def roles_of(claims: Mapping[str, object], rules: Iterable[Rule]) -> set[tuple[str, str | None]]:
    """Lists (role, tenant) of the rules that hold. A claim is a text, or a list of texts."""
    return {(rule.role, rule.tenant) for rule in rules if _holds(claims.get(rule.claim), rule)}


def _holds(claim: object, rule: Rule) -> bool:
    if isinstance(claim, list):
        return any(isinstance(one, str) and one == rule.value for one in claim)
    return isinstance(claim, str) and claim == rule.value
