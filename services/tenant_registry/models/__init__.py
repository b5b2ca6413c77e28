"""The tables of the registry: all of them the platform's, some with rows of one tenant each."""

from services.tenant_registry.models.declare import Base
from services.tenant_registry.models.keys import ApiKey
from services.tenant_registry.models.registry import (
    Admin,
    Assignment,
    Domain,
    Policy,
    Role,
    Tenant,
)

__all__ = ["Admin", "ApiKey", "Assignment", "Base", "Domain", "Policy", "Role", "Tenant"]
