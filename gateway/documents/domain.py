"""The hosts of a tenant's storefront."""

from typing import Annotated

from pydantic import Field
from souk.tenant_registry.v1.tenant_pb2 import Domain
from souk.tenant_registry.v1.tenant_registry_service_pb2 import CreateDomainRequest

from gateway.documents.scalars import CreatedAt, Id
from gateway.medusa.shapes import Body, Document, From
from gateway.medusa.values import tenant_of


class DomainCreate(Body[CreateDomainRequest]):
    """A host to add to a tenant."""

    host: str = Field(
        description="The host in any spelling; it is normalised.", examples=["shop.example.org"]
    )
    primary: bool = Field(False, description="Whether links to the tenant use this host.")


class DomainDocument(Document[Domain]):
    """A host that belongs to a tenant."""

    id: Id = Field(description="The normalised host in lower-case A-labels.")
    tenant_id: Annotated[str, From("name", tenant_of)]
    display_host: str = Field(description="The same host in human-readable form.")
    primary: bool
    created_at: CreatedAt
