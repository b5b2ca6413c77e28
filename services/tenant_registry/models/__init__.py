"""The tables of the registry: all belong to the platform, some have rows of single tenants."""

from services.tenant_registry.models.access_grants import AccessGrant, AccessGrantEnd
from services.tenant_registry.models.accounts import (
    AdminIdentity,
    PasswordReset,
    RecoveryCode,
    SecondFactor,
)
from services.tenant_registry.models.declare import Base
from services.tenant_registry.models.invites import Invite
from services.tenant_registry.models.keys import ApiKey
from services.tenant_registry.models.registry import (
    Admin,
    Assignment,
    Domain,
    Policy,
    Role,
    Tenant,
)
from services.tenant_registry.models.sessions import (
    AdminSession,
    Attempt,
    RefreshToken,
    UnknownAccountRefusal,
)

__all__ = [
    "AccessGrant",
    "AccessGrantEnd",
    "Admin",
    "AdminIdentity",
    "AdminSession",
    "ApiKey",
    "Assignment",
    "Attempt",
    "Base",
    "Domain",
    "Invite",
    "PasswordReset",
    "Policy",
    "RecoveryCode",
    "RefreshToken",
    "Role",
    "SecondFactor",
    "Tenant",
    "UnknownAccountRefusal",
]
