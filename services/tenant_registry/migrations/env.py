"""Alembic's entry."""

from services.kernel.serving import migrations
from services.tenant_registry.models import Base

migrations.run(Base.metadata)
