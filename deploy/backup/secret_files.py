"""Backs up the secrets, apart from the databases: whoever has both backups has everything."""

import io
import os
import tarfile
from datetime import UTC, datetime
from pathlib import Path

import pyrage

from deploy.backup.sealing import Sealing
from deploy.backup.settings import BackupSettings
from deploy.backup.store import BackupError


def make_key(file: Path) -> str:
    """Writes a new private key, readable by its owner alone; returns the public key.

    Raises:
        BackupError: the file exists.
    """
    identity = pyrage.x25519.Identity.generate()
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise BackupError(f"cannot create {file}: {error.strerror}") from None
    with os.fdopen(descriptor, "w") as output:
        output.write(f"# public key: {identity.to_public()}\n{identity}\n")
    return str(identity.to_public())


def back_up(secrets: Path, folder: Path, settings: BackupSettings) -> Path:
    """Writes all secret files into one encrypted archive.

    Raises:
        BackupError: it would lie unencrypted, or with the backups of the databases.
    """
    if not settings.backup_recipient:
        raise BackupError("set SOUK_BACKUP_RECIPIENT: secrets are not written unencrypted")
    if folder.resolve().is_relative_to(settings.backup.resolve()):
        raise BackupError(
            f"keep the secrets elsewhere than the databases: not in {settings.backup}"
        )
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.add(secrets, arcname=".")
    archive.seek(0)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    sealing = Sealing(settings.backup_recipient)
    file = folder / f"secrets-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.tar{sealing.suffix}"
    sealing.store(archive, file)
    return file


def restore(file: Path, secrets: Path, settings: BackupSettings) -> None:
    """Writes the secrets of an archive into an empty folder.

    Raises:
        BackupError: the folder holds something.
        Unreadable: the archive is damaged, or the private key is another one.
    """
    if secrets.exists() and any(secrets.iterdir()):
        raise BackupError(f"{secrets} holds files; move them away first")
    archive = io.BytesIO()
    Sealing(identity=settings.backup_identity).read(file, archive)
    archive.seek(0)
    secrets.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tarfile.open(fileobj=archive) as tar:
        tar.extractall(secrets, filter="data")
