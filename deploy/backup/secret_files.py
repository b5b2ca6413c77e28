"""Backs up the secrets, apart from the databases: whoever has both backups has everything."""

import io
import os
import tarfile
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

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
        members = tar.getmembers()
        # Whoever has the public key can make such an archive. Python's own filter is younger than
        # the oldest Python that this runs on.
        if not all(_is_inside(member) for member in members):
            raise BackupError(f"{file} holds what is no file of this folder")
        for member in members:
            tar.extract(member, secrets, set_attrs=False)
            (secrets / member.name).chmod(member.mode & 0o755)


def _is_inside(member: tarfile.TarInfo) -> bool:
    path = PurePosixPath(member.name)
    is_plain = member.isreg() or member.isdir()
    return is_plain and not path.is_absolute() and ".." not in path.parts
