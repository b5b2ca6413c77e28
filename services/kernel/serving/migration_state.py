"""Which migration a database is at, for those who may not read Alembic's table."""

from pathlib import Path

from sqlalchemy import Connection, text

# Whoever may connect may read it. COALESCE: "" is older than every migration.
STATEMENT = """
SELECT COALESCE(obj_description(to_regclass('public.alembic_version'), 'pg_class'), '')
"""


def newest(migrations: Path) -> str:
    """Returns the last migration in a service's folder; later ones are greater as text."""
    versions = (migrations / "versions").glob("[0-9]*.py")
    return max(path.name.partition("_")[0] for path in versions)


def write(connection: Connection, revision: str | None) -> None:
    """Notes on Alembic's table, as its owner, which migration the database is at."""
    note = (revision or "").replace("'", "''")  # a comment takes no parameters
    connection.execute(text(f"COMMENT ON TABLE alembic_version IS '{note}'"))
