"""Restores the cluster of the local platform, which must not be running."""

from datetime import datetime
from pathlib import Path

from deploy.backup.restore import Restore
from deploy.backup.sealing import Sealing
from deploy.backup.settings import BackupSettings
from deploy.backup.store import BackupError, Store
from deploy.backup.stream import empty
from deploy.backup.tools import Tools
from deploy.local import binaries
from deploy.local.completed_steps import Mark, seed_source
from deploy.local.postgres import end_orphan
from deploy.local.processes import unprivileged
from deploy.local.state import AlreadyRunning, State, default_folder
from deploy.secrets.creation import make_secrets


def restore(
    settings: BackupSettings, moment: datetime | None, data: Path | None
) -> tuple[Path, Path | None]:
    """Restores into `data`, by default the local platform's; returns it, and where the old is.

    Raises:
        BackupError: it cannot be done. The old data is where it was.
    """
    account, folder = unprivileged(), default_folder()
    work = Restore(
        store=Store(settings.backup),
        sealing=Sealing(settings.backup_recipient, settings.backup_identity),
        tools=Tools.without_server(binaries.postgres(folder, account)),
        data=data or folder / "postgres" / "data",
        account=account,
        report=lambda line: print(f"souk: {line}", flush=True),
    )
    if data is not None:
        with work.store.locked():
            empty(settings.backup_spool, work.store, work.sealing)
            return data, work.to(moment)
    state = State(folder)
    try:
        state.acquire()
    except AlreadyRunning as error:
        raise BackupError(f"{error}; stop it first: make down") from None
    try:
        with work.store.locked():
            end_orphan(work.data)
            empty(settings.backup_spool, work.store, work.sealing)
            old = work.to(moment)
        _forget_newer(state)
        return work.data, old
    finally:
        state.release()


def _forget_newer(state: State) -> None:
    """Makes everything that Redis remembers of later moments worthless, whoever runs it.

    What gateways keep there is valid under their key alone.
    """
    (state.secrets / "redis.key").unlink(missing_ok=True)
    make_secrets(state.secrets)
    # Its demo data is restored, or was not wanted.
    Mark(state.folder / "postgres", "seed", source=seed_source()).set()
