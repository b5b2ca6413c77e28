"""Which roles claims give: pure rules."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """Users with `value` in `claim` hold `role` at `tenant`; None means everywhere."""

    claim: str
    value: str
    role: str
    tenant: str | None


def roles_of(claims: Mapping[str, object], rules: Iterable[Rule]) -> set[tuple[str, str | None]]:
    """Returns (role, tenant) of each matching rule. A claim is a string or a list of strings."""
    return {(rule.role, rule.tenant) for rule in rules if _holds(claims.get(rule.claim), rule)}


def _holds(claim: object, rule: Rule) -> bool:
    if isinstance(claim, list):
        return any(isinstance(one, str) and one == rule.value for one in claim)
    return isinstance(claim, str) and claim == rule.value
