"""The folder of the backups: of one cluster, with whole base backups, and not for ever."""

from datetime import UTC, datetime, timedelta

import pytest

from deploy.backup.sealing import Sealing
from deploy.backup.store import BackupError, Base, Store
from deploy.backup.stream import empty, ship

NOW = datetime(2026, 12, 1, tzinfo=UTC)
SEGMENT = 16 << 20


@pytest.fixture
def store(tmp_path):
    made = Store(tmp_path / "store")
    with made.locked():
        return made


def add_base(store, *, days_ago, first_segment):
    began = NOW - timedelta(days=days_ago)
    base = Base(began, began + timedelta(minutes=5), first_segment, SEGMENT, 1)
    draft = store.draft(began)
    (draft / "base.tar.gz").touch()
    store.publish(draft, base)
    return base


def test_the_base_for_a_moment_is_the_newest_that_ended_before_it(store):
    first = add_base(store, days_ago=2, first_segment=f"{1:08X}{0:08X}{2:08X}")
    second = add_base(store, days_ago=1, first_segment=f"{1:08X}{0:08X}{9:08X}")

    assert store.bases() == [first, second]
    assert store.base_before(None) == second
    assert store.base_before(second.finished) == second
    assert store.base_before(second.began) == first
    with pytest.raises(BackupError, match="the oldest ended at"):
        store.base_before(first.began)


def test_after_a_restore_without_a_base_backup_the_moment_must_be_named(store):
    base = add_base(store, days_ago=1, first_segment=f"{1:08X}{0:08X}{2:08X}")
    (store.wal / f"{2:08X}{0:08X}{3:08X}.gz").touch()

    assert store.base_before(NOW) == base
    with pytest.raises(BackupError, match="name the moment"):
        store.base_before(None)


def test_an_unfinished_base_backup_is_not_one_and_is_cleared_away(store):
    store.draft(NOW)

    assert store.bases() == []
    store.draft(NOW + timedelta(days=1))
    assert len(list((store.folder / "base").iterdir())) == 1


def test_segments_are_counted_over_the_end_of_a_log_file(store):
    base = add_base(store, days_ago=1, first_segment="0000000200000003000000FE")

    names = [base.segment(after) for after in (0, 1, 2)]

    assert names == [
        "0000000200000003000000FE",
        "0000000200000003000000FF",
        "000000020000000400000000",
    ]


def test_backups_of_moments_within_the_days_are_kept_and_others_removed(store):
    for days_ago, number in ((9, 1), (5, 3), (1, 5)):
        add_base(store, days_ago=days_ago, first_segment=f"{1:08X}{0:08X}{number:08X}")
    for number in range(1, 7):
        (store.wal / f"{1:08X}{0:08X}{number:08X}.gz").touch()
    (store.wal / "00000002.history.gz").touch()

    assert store.expire(NOW, timedelta(days=3)) == 1

    assert [base.first_segment[-1] for base in store.bases()] == ["3", "5"]
    timelines = sorted(file.name.partition(".")[0][-1] for file in store.wal.glob("*.gz"))
    assert timelines == ["2", "3", "4", "5", "6"]
    assert (store.wal / "00000002.history.gz").exists()
    assert store.expire(NOW, timedelta(days=3)) == 0


def test_another_clusters_backups_are_not_mixed_in(store):
    store.claim("7001")
    store.claim("7001")

    with pytest.raises(BackupError, match="another cluster"):
        store.claim("7002")


def test_two_processes_do_not_write_into_one_store(store):
    with (
        store.locked(),
        pytest.raises(BackupError, match="stop it first"),
        Store(store.folder).locked(),
    ):
        pass


def test_a_description_that_is_damaged_is_told(store):
    base = add_base(store, days_ago=1, first_segment="0" * 24)
    (store.folder / "base" / base.name / "about.json").write_text("{")

    with pytest.raises(BackupError, match=r"about\.json is damaged"):
        store.bases()


def test_segments_that_cannot_be_stored_stay_where_they_are(store, tmp_path):
    spool, name = tmp_path / "spool", "000000010000000000000001"
    spool.mkdir()
    (spool / name).write_bytes(b"log")
    store.wal.rmdir()

    with pytest.raises(OSError, match="No such file"):
        ship(spool, store, Sealing())

    assert (spool / name).read_bytes() == b"log"
    store.wal.mkdir()
    ship(spool, store, Sealing())
    assert store.segment(name) is not None
    assert list(spool.iterdir()) == []


def test_a_part_of_the_last_segment_is_stored_when_the_spool_is_emptied(store, tmp_path):
    spool, name = tmp_path / "spool", "000000010000000000000001"
    spool.mkdir()
    (spool / f"{name}.partial").write_bytes(b"log")

    ship(spool, store, Sealing())
    assert store.segment(name) is None
    empty(spool, store, Sealing())

    assert store.segment(name) == store.wal / f"{name}.partial.gz"
    assert not spool.exists()
