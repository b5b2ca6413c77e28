"""Alembic's entry."""

from services.commerce.models import Base
from services.kernel.serving import migrations

migrations.run(Base.metadata)
