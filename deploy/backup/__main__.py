"""`python -m deploy.backup`: backs up the cluster, and restores it."""

import argparse
import os
import signal
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from deploy.backup import base, local, secret_files, stream
from deploy.backup.sealing import Sealing, Unreadable
from deploy.backup.settings import BackupSettings
from deploy.backup.store import BackupError, Store
from deploy.backup.tools import Tools
from deploy.local import binaries
from deploy.local.processes import unprivileged
from deploy.local.state import CannotStart, default_folder
from deploy.provision import CannotProvision, admin_url
from services.kernel.process import logs
from services.kernel.process.settings import load

_log = logs.logger()


def main(arguments: list[str]) -> int:
    options = _parser().parse_args(arguments)
    settings = load(BackupSettings)
    logs.configure("backup", os.environ.get("SOUK_LOG_LEVEL", "info"))
    try:
        _run(options, settings)
    except (BackupError, Unreadable, CannotStart, CannotProvision) as error:
        if options.command in ("run", "base"):
            _log.error("backup_failed", reason=str(error))
        else:
            print(f"souk: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m deploy.backup", description="Backs up PostgreSQL, and restores it."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="back up continuously, until stopped")
    commands.add_parser("base", help="take a base backup now, and remove what is out of date")
    commands.add_parser("list", help="list the base backups")
    restore = commands.add_parser("restore", help="restore the cluster; the platform must be down")
    restore.add_argument(
        "--to", type=_moment, required=True, help="a time such as 2026-12-01T17:30:00Z, or `latest`"
    )
    restore.add_argument("--data", type=Path, help="the data folder, if not the local platform's")
    key = commands.add_parser("key", help="make a pair of keys for encryption")
    key.add_argument("file", type=Path, help="where to write the private key")
    secrets = commands.add_parser("secrets", help="back up the secrets, encrypted")
    secrets.add_argument("folder", type=Path)
    restore_secrets = commands.add_parser("restore-secrets", help="restore them")
    restore_secrets.add_argument("file", type=Path)
    return parser


def _moment(text: str) -> datetime | None:
    if text == "latest":
        return None
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError("name the time zone, such as Z at the end for UTC")
    return moment


def _run(options: argparse.Namespace, settings: BackupSettings) -> None:
    if options.command == "run":
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        stream.Stream(settings, _tools()).run(stop)
    elif options.command == "base":
        _take_base(settings)
    elif options.command == "list":
        for one in Store(settings.backup).bases():
            print(f"{one.finished:%Y-%m-%dT%H:%M:%SZ}  {one.bytes >> 20} MiB  {one.name}")
    elif options.command == "restore":
        data, old = local.restore(settings, options.to, options.data)
        print(f"souk: restored into {data}" + (f"; the old data is in {old}" if old else ""))
    elif options.command == "key":
        print(secret_files.make_key(options.file))
    elif options.command == "secrets":
        print(secret_files.back_up(_secrets(), options.folder, settings))
    else:
        secret_files.restore(options.file, _secrets(), settings)


def _take_base(settings: BackupSettings) -> None:
    store = Store(settings.backup)
    taken = base.take(_tools(), store, Sealing(settings.backup_recipient))
    expired = store.expire(datetime.now(UTC), timedelta(days=settings.backup_days))
    _log.info("base_backup_taken", name=taken.name, bytes=taken.bytes, expired=expired)


def _tools() -> Tools:
    return Tools.for_server(binaries.postgres(default_folder(), unprivileged()), admin_url())


def _secrets() -> Path:
    return Path(os.environ.get("SOUK_SECRETS") or default_folder() / "secrets")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
