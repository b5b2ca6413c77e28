"""Secrets are backed up encrypted, and not where the databases are."""

import io
import tarfile

import pytest

from deploy.backup import secret_files
from deploy.backup.sealing import Sealing
from deploy.backup.secret_files import make_key
from deploy.backup.settings import BackupSettings
from deploy.backup.store import BackupError
from deploy.secrets.creation import make_secrets


@pytest.fixture
def settings(tmp_path):
    key = tmp_path / "private.key"
    return BackupSettings(
        backup=tmp_path / "store", backup_recipient=make_key(key), backup_identity=key
    )


def test_secrets_are_restored_as_they_were(settings, tmp_path):
    make_secrets(tmp_path / "secrets")
    password = (tmp_path / "secrets" / "admin.password").read_bytes()

    file = secret_files.back_up(tmp_path / "secrets", tmp_path / "safe", settings)
    secret_files.restore(file, tmp_path / "restored", settings)

    assert password not in file.read_bytes()
    before, after = (
        {one.name: (one.read_bytes(), one.stat().st_mode) for one in folder.iterdir()}
        for folder in (tmp_path / "secrets", tmp_path / "restored")
    )
    assert before == after
    with pytest.raises(BackupError, match="holds files"):
        secret_files.restore(file, tmp_path / "restored", settings)


def test_secrets_are_not_written_unencrypted(settings, tmp_path):
    with pytest.raises(BackupError, match="SOUK_BACKUP_RECIPIENT"):
        secret_files.back_up(
            tmp_path, tmp_path / "safe", settings.model_copy(update={"backup_recipient": ""})
        )


def test_secrets_do_not_lie_beside_the_databases(settings, tmp_path):
    with pytest.raises(BackupError, match="elsewhere"):
        secret_files.back_up(tmp_path, tmp_path / "store" / "secrets", settings)


def test_a_private_key_is_never_replaced_and_its_owners_alone(settings, tmp_path):
    assert (tmp_path / "private.key").stat().st_mode & 0o777 == 0o600
    with pytest.raises(BackupError, match="exists"):
        make_key(tmp_path / "private.key")


def test_a_recipient_that_is_none_is_refused(tmp_path):
    with pytest.raises(ValueError, match="begins with age1"):
        BackupSettings(backup=tmp_path, backup_recipient="age1nobody")


@pytest.mark.parametrize("name", ["../outside", "/outside", "sub/../../outside"])
def test_an_archive_writes_nothing_outside_its_folder(settings, tmp_path, name):
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.addfile(tarfile.TarInfo(name))
    archive.seek(0)
    file = tmp_path / "made.tar.age"
    Sealing(settings.backup_recipient).store(archive, file)

    with pytest.raises(BackupError, match="holds what is no file"):
        secret_files.restore(file, tmp_path / "restored", settings)
    assert list((tmp_path / "restored").iterdir()) == []
