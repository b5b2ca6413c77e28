"""The two services whose methods stand in several files."""

from souk.tenant_registry.v1.access_service_pb2_grpc import AccessServiceServicer
from souk.tenant_registry.v1.tenant_registry_service_pb2_grpc import TenantRegistryServiceServicer

from services.kernel.call.passwords import Passwords
from services.kernel.data.database import Database
from services.tenant_registry.accounts.attempts import Attempts
from services.tenant_registry.accounts.login import LoginMethods, SecondFactors
from services.tenant_registry.accounts.session_tokens import SessionTokens
from services.tenant_registry.roles.access import AccessMethods
from services.tenant_registry.tenants.domains import DomainMethods
from services.tenant_registry.tenants.tenants import TenantMethods
from services.tenant_registry.tenants.visible_tenants import VisibleTenantMethods


class TenantRegistryServicer(
    TenantMethods, VisibleTenantMethods, DomainMethods, TenantRegistryServiceServicer
):
    def __init__(self, db: Database, *, head_office: str, base_domain: str) -> None:
        self._db = db
        self._head_office = head_office
        self._base = base_domain


class AccessServicer(LoginMethods, AccessMethods, AccessServiceServicer):
    def __init__(
        self,
        db: Database,
        passwords: Passwords,
        tokens: SessionTokens,
        attempts: Attempts,
        factors: SecondFactors,
        *,
        head_office: str,
    ) -> None:
        self._db = db
        self._passwords = passwords
        self._tokens = tokens
        self._attempts = attempts
        self._factors = factors
        self._head_office = head_office
