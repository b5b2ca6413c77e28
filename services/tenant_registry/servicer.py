"""TenantRegistryService, composed of its two resources."""

from souk.tenant_registry.v1 import tenant_registry_service_pb2_grpc as pb_grpc

from services.kernel.data.database import Database
from services.tenant_registry.domains.servicer import DomainMethods
from services.tenant_registry.tenants.servicer import TenantMethods


class TenantRegistry(TenantMethods, DomainMethods, pb_grpc.TenantRegistryServiceServicer):
    def __init__(self, db: Database, *, head_office: str, base_domain: str) -> None:
        self._db = db
        self._head_office = head_office
        self._base = base_domain
