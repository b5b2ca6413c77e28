"""Access rules of methods, read from the contract; a method without one is refused."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.descriptor_pool import Default
from souk.kernel.v1 import access_pb2

from services.kernel.call.errors import PermissionDenied
from services.kernel.call.scope import Scope


@dataclass(frozen=True, slots=True)
class Rule:
    """The access rule that the contract declares for one method."""

    permission: str
    platform: bool | None
    """Whether the caller must be at the platform; None if either place is allowed."""

    def check(self, scope: Scope) -> None:
        """Refuses a scope in the wrong place or without the permission.

        Raises:
            PermissionDenied: SCOPE_MISSING, PERMISSION_MISSING or, if an access grant would
                give the permission, ACCESS_GRANT_NEEDED.
        """
        if self.platform is not None and (scope.tenant is None) is not self.platform:
            needed = "the platform" if self.platform else "a tenant"
            raise PermissionDenied("SCOPE_MISSING", f"Call this method in the scope of {needed}.")
        if self.permission not in scope.permissions:
            reason, text = (
                "PERMISSION_MISSING",
                f"{scope.actor} does not have the required permission {self.permission} here.",
            )
            if self.permission in scope.withheld:
                reason = "ACCESS_GRANT_NEEDED"
                text = "This tenant is closed to you. Open it with an access grant first."
            raise PermissionDenied(reason, text, permission=self.permission)


def rules(services: Iterable[ServiceDescriptor]) -> dict[str, Rule]:
    """Reads the rule of each method, keyed by its path on the wire.

    Raises:
        RuntimeError: a method declares no permission, or no reach.
    """
    return {
        f"/{service.full_name}/{method.name}": _rule(method)
        for service in services
        for method in service.methods
    }


@lru_cache(maxsize=512)
def permission_of(method: str) -> str:
    """Returns the permission of a method such as souk.x.v1.XService/GetX; empty if it is no RPC."""
    try:
        options = Default().FindMethodByName(method.replace("/", ".")).GetOptions()
    except KeyError:
        return ""
    return str(options.Extensions[access_pb2.permission])


def _rule(method: MethodDescriptor) -> Rule:
    options = method.GetOptions()
    permission = options.Extensions[access_pb2.permission]
    reach = options.Extensions[access_pb2.reach]
    if not permission or reach == access_pb2.REACH_UNSPECIFIED:
        raise RuntimeError(f"{method.full_name} must declare its permission and its reach")
    if reach == access_pb2.REACH_EITHER:
        return Rule(permission, platform=None)
    return Rule(permission, platform=reach == access_pb2.REACH_PLATFORM)
