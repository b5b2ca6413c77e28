"""Migrations stand in one line, so that every database has one newest state."""

from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = sorted((ROOT / "services").glob("*/migrations"))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.parent.name)
def test_each_migration_follows_the_one_that_is_numbered_before_it(folder):
    scripts = ScriptDirectory(str(folder))

    found = [(one.revision, one.down_revision) for one in scripts.walk_revisions()]

    numbers = [f"{number:04}" for number in range(len(found), 0, -1)]
    assert found == list(zip(numbers, [*numbers[1:], None], strict=True))
    files = sorted(path.name[:4] for path in (folder / "versions").glob("*.py"))
    assert files == sorted(numbers)
