"""Alembic's entry."""

from services.catalog_opt_in.models import Base
from services.kernel.serving import migrations

migrations.run(Base.metadata)
