"""What should happen to whom: a model of access that shares no code with what decides it.

It knows the contract (permission and reach of each method), the policies as their rows are, and who
was given which role where. From these it says how every request must end.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from souk.kernel.v1 import access_pb2

from services.tenant_registry.roles.permissions import OF_SERVICES
from tests.isolation.contract import Rpc, every_rpc
from tests.isolation.operations import Operation

HEAD_OFFICE = "hq"
IN, UNAUTHENTICATED, FORBIDDEN, UNKNOWN = "in", "401", "403", "unknown"
OWN_ACCOUNT = "account:own"
OWN_CUSTOMER = "customer:own"
# What a role that was given everywhere allows at a tenant that gave no access grant.
WITHOUT_ACCESS_GRANT = (
    "tenant:read", "tenant:manage", "assignment:*", "admin:*", "role:read", "access:explain",
    "accessgrant:*",
)  # fmt: skip


@dataclass(frozen=True)
class Policy:
    """A row of `policy`."""

    role: str
    reach: str
    patterns: tuple[str, ...]


@dataclass(frozen=True)
class Person:
    """Somebody with the roles that count for them now: (role, tenant); None is everywhere.

    `is_known` tells whether their session or key proves anything. A machine has no roles but a key
    of one tenant, with the permissions that its maker gave it.
    """

    name: str
    roles: tuple[tuple[str, str | None], ...] = ()
    is_known: bool = True
    key: tuple[str, frozenset[str]] | None = None


class Model:
    def __init__(self, policies: Iterable[Policy]) -> None:
        self._policies = tuple(policies)
        self._known: dict[tuple[Person, str | None], frozenset[str]] = {}

    def permissions(self, person: Person, at: str | None) -> frozenset[str]:
        """Lists what somebody may do at a tenant or, with None, at the platform."""
        if (person, at) not in self._known:
            self._known[person, at] = self._computed(person, at)
        return self._known[person, at]

    def _computed(self, person: Person, at: str | None) -> frozenset[str]:
        if person.key is not None:
            tenant_of_key, given = person.key
            return given if tenant_of_key == at else frozenset()
        found: set[str] = set()
        for role, tenant in person.roles:
            if tenant not in (None, at):
                continue
            held = {word for word in words(at) if self._gives(role, at, word)}
            if tenant is None and at not in (None, HEAD_OFFICE) and has_access_grants():
                held = {w for w in held if any(covers(p, w) for p in WITHOUT_ACCESS_GRANT)}
            found |= held
        return frozenset(found)

    def _gives(self, role: str, at: str | None, word: str) -> bool:
        reach = "PLATFORM" if at is None else "TENANT"
        return any(
            covers(pattern, word)
            for policy in self._policies
            if (policy.role, policy.reach) == (role, reach)
            for pattern in policy.patterns
        )

    def of_operation(self, operation: Operation, person: Person, at: str | None) -> str:
        """Says how a request must end that names a tenant or, with None, is the platform's."""
        if person.is_known and person.key is not None and is_of_ones_own(operation):
            return IN  # as far as 404 ADMIN_NOT_FOUND: a key is told that it has no account
        if not person.is_known or (person.key is not None and not operation.takes_keys):
            return UNAUTHENTICATED
        if is_of_ones_own(operation):
            return IN
        held = self.permissions(person, at)
        if not held:
            return FORBIDDEN if at is None else UNKNOWN
        required = {rpc.permission for rpc in operation.rpcs} - OF_SERVICES
        return IN if required <= held else FORBIDDEN

    def of_call(self, rpc: Rpc, person: Person, at: str | None) -> str:
        """Says how a call must end that is made in a scope at a tenant or at the platform."""
        if not person.is_known:
            return "SCOPE_INVALID"
        if not reaches(rpc, at):
            return "SCOPE_MISSING"
        return IN if rpc.permission in self.permissions(person, at) else "PERMISSION_MISSING"


def reaches(rpc: Rpc, at: str | None) -> bool:
    reach = access_pb2.REACH_PLATFORM if at is None else access_pb2.REACH_TENANT
    return rpc.reach in (reach, access_pb2.REACH_EITHER)


def has_access_grants() -> bool:
    """Tells whether anybody can open a tenant to an admin of everything."""
    return any(rpc.permission == "accessgrant:write" for rpc in every_rpc())


def words(at: str | None) -> set[str]:
    """Lists the permissions that methods ask for there, less what is for services alone."""
    return {rpc.permission for rpc in every_rpc() if reaches(rpc, at)} - OF_SERVICES


def covers(pattern: str, word: str) -> bool:
    return all(p in ("*", w) for p, w in zip(pattern.split(":"), word.split(":"), strict=True))


def place_of(operation: Operation, target: str) -> str | None:
    """Tells where an operation takes place, if its request names `target`."""
    if operation.is_of_a_tenant or operation.is_of_the_requests_tenant:
        return target
    if is_of_ones_own(operation):
        return None
    reaches_platform = any(
        rpc.reach != access_pb2.REACH_TENANT
        for rpc in operation.rpcs
        if rpc.permission not in OF_SERVICES
    )
    return None if reaches_platform else HEAD_OFFICE


def is_of_ones_own(operation: Operation) -> bool:
    """Tells whether it is about the caller's own account, for which nobody needs a role."""
    return _permissions(operation) - {OWN_CUSTOMER} == {OWN_ACCOUNT}


def _permissions(operation: Operation) -> set[str]:
    return {rpc.permission for rpc in operation.rpcs}
