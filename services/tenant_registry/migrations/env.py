"""Alembic's entry."""

from services.kernel import migrations
from services.tenant_registry.models import Base

migrations.run(Base.metadata)
