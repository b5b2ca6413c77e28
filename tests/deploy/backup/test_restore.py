"""A restore brings back all up to a moment, or says why not and leaves the old data alone."""

import asyncio
import io
import shutil
import tarfile
from datetime import timedelta
from pathlib import Path

import pytest

from deploy.backup.sealing import Sealing
from deploy.backup.secret_files import make_key
from deploy.backup.store import BackupError
from deploy.local import binaries
from deploy.local.processes import unprivileged
from deploy.local.state import State
from tests.deploy.backup.conftest import Machine, backing_up


def damage(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


def refuses(restore, moment, *words: str) -> None:
    """Checks that a restore fails, names the reason, and touches nothing."""
    with pytest.raises(BackupError) as refusal:
        restore.to(moment)

    assert all(word in str(refusal.value) for word in words), refusal.value
    assert [path.name for path in restore.data.parent.iterdir()] == ["data"]
    assert (restore.data / "PG_VERSION").read_text() == "old"


async def test_a_restore_to_a_moment_has_what_was_before_it_and_nothing_after(dead):
    copy = dead.copy()
    old = await asyncio.to_thread(copy.to, dead.moment)
    machine = dead.another_machine()
    copy.data.rename(machine.data)

    async with machine.running():
        assert await machine.acts() == ["before", "before, too"]
        [timeline] = await machine.execute("SELECT timeline_id FROM pg_control_checkpoint()")
    assert timeline["timeline_id"] == 2
    assert (old / "PG_VERSION").read_text() == "old"


async def test_the_command_restores_all_and_the_next_backup_begins_a_new_timeline(dead):
    machine = dead.another_machine()
    key = (machine.state / "secrets" / "redis.key").read_text()

    done = machine.command("restore", "--to", "latest")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "restored into" in done.stdout
    assert (machine.state / "secrets" / "redis.key").read_text() != key
    async with machine.running():
        assert await machine.acts() == ["after", "before", "before, too"]
        async with backing_up(machine, timeline="00000002"):
            assert (machine.store.wal / "00000002.history.gz.age").exists()


def test_a_damaged_base_backup_is_told(dead):
    restore = dead.copy()
    damage(restore.store.archive(restore.store.bases()[0]))

    refuses(restore, dead.moment, "base.tar.gz.age", "cannot be read")


def test_a_file_that_differs_from_the_servers_checksum_is_told(dead):
    restore, contents = dead.copy(), io.BytesIO()
    archive = restore.store.archive(restore.store.bases()[0])
    restore.sealing.read(archive, contents)
    with tarfile.open(fileobj=io.BytesIO(contents.getvalue())) as tar:
        member = next(one for one in tar if one.name.startswith("base/") and one.size > 8192)
    contents.seek(member.offset_data + 5000)
    contents.write(b"another")
    contents.seek(0)
    restore.sealing.store(contents, archive)

    refuses(restore, dead.moment, "is damaged", "checksum mismatch", member.name)


def test_a_missing_segment_is_told(dead):
    restore = dead.copy()
    base = restore.store.bases()[0]
    missing = restore.store.segment(base.segment(1))
    missing.unlink()

    refuses(restore, None, missing.name[:24], "is missing", "earlier moment")
    refuses(restore, dead.moment, missing.name[:24], "does not reach that moment")


def test_a_log_that_ends_before_the_moment_is_told(dead):
    restore = dead.copy()
    restore.store.segment(restore.store.last_segment(restore.store.bases()[0])).unlink()

    refuses(restore, dead.moment, "does not reach that moment")


def test_a_damaged_segment_is_told(dead):
    restore = dead.copy()
    base = restore.store.bases()[0]
    last = restore.store.segment(restore.store.last_segment(base))
    damage(last)

    refuses(restore, None, last.name, "cannot be read")


def test_a_moment_before_the_first_base_backup_is_told(dead):
    refuses(dead.copy(), dead.moment - timedelta(days=1), "the oldest ended at")


def test_another_key_is_told(dead, tmp_path):
    restore = dead.copy()
    make_key(tmp_path / "other.key")
    object.__setattr__(restore, "sealing", Sealing(identity=tmp_path / "other.key"))

    refuses(restore, dead.moment, "No matching keys found")


def test_too_little_space_is_told_before_anything_is_written(dead, monkeypatch):
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=100 << 20))

    refuses(dead.copy(), dead.moment, "100 MiB free")


def test_a_disk_that_fills_in_the_middle_is_told(dead, monkeypatch):
    # Otherwise root has PostgreSQL's programs copied first, for another account.
    monkeypatch.setenv("SOUK_PG_BIN", str(binaries.postgres(dead.machine.state, unprivileged())))
    restore = dead.copy()
    machine = Machine(restore.data.parent, restore.store, dead.machine.key, "")

    done = machine.command(
        *("restore", "--to", dead.moment.isoformat(), "--data", str(restore.data)), limit="500"
    )

    assert done.returncode == 1
    assert "cannot unpack into" in done.stderr
    assert [path.name for path in restore.data.parent.iterdir()] == ["data"]
    assert (restore.data / "PG_VERSION").read_text() == "old"


def test_beside_a_running_platform_it_is_refused(dead):
    state = State(dead.machine.state)
    state.acquire()
    try:
        done = dead.machine.command("restore", "--to", "latest")
    finally:
        state.release()

    assert done.returncode == 1
    assert "already running" in done.stderr
    assert "make down" in done.stderr


def test_beside_a_running_server_it_is_refused(dead):
    restore = dead.copy()
    (restore.data / "postmaster.pid").write_text("1\n")

    refuses(restore, dead.moment, "a server uses", "stop the platform")


def test_beside_a_process_that_backs_up_it_is_refused(dead):
    with dead.machine.store.locked():
        done = dead.machine.command(
            *("restore", "--to", "latest", "--data", str(dead.copy().data)),
        )

    assert done.returncode == 1
    assert "stop it first" in done.stderr
