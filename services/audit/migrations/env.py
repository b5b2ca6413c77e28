"""Alembic's way in; the kernel knows how."""

from services.audit.models import Base
from services.kernel.serving import migrations

migrations.run(Base.metadata)
