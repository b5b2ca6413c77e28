"""`python -m gateway.cli seed`."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from gateway.cli.seed.api import Api, SeedFailed
from gateway.cli.seed.counts import Counts
from gateway.cli.seed.data import load
from gateway.cli.seed.seeder import Seeder


async def seed(url: str, email: str, password: str) -> Counts:
    """Adds the demo data, and reports progress on standard output.

    The demo's customers get the admin's password.

    Raises:
        SeedFailed: the login is refused, the gateway does not answer, or it refuses some data.
    """
    async with Api.at(url) as api:
        await api.log_in("/auth/user/emailpass", email, password)
        return await Seeder(api, load(), print).everything(password)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command and returns the exit code."""
    options = _parser().parse_args(argv)
    try:
        password = Path(options.password_file).read_text(encoding="utf-8").strip()
        asyncio.run(seed(options.url, options.email, password))
    except OSError as error:
        return _fail(f"{options.password_file}: {error.strerror}")
    except SeedFailed as error:
        return _fail(str(error))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="souk seed", description="Adds the demo data; creates only what is missing."
    )
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="the gateway's URL")
    parser.add_argument("--email", required=True, help="the e-mail address of a platform admin")
    parser.add_argument("--password-file", required=True, help="a file with the admin's password")
    return parser


def _fail(reason: str) -> int:
    print(f"souk seed: {reason}", file=sys.stderr)
    return 1
