"""Domains as callers see them."""

from souk.tenant_registry.v1 import tenant_pb2 as pb

from services.tenant_registry.models import Domain
from services.values.hosts import display_host


def domain(row: Domain) -> pb.Domain:
    message = pb.Domain(
        name=f"tenants/{row.tenant_id}/domains/{row.host}",
        display_host=display_host(row.host),
        primary=row.is_primary,
    )
    message.create_time.FromDatetime(row.create_time)
    return message
