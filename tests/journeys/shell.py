"""The pages whose commands are run: what they tell one to type, and what they say it prints."""

import asyncio
import os
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ASIDE = ("make ", "docker ")


def blocks(page: str) -> list[tuple[str, str]]:
    """Reads the blocks of commands of a page, each with what it prints."""
    found = re.findall(
        r"```sh\n(.*?)```\n(?:\n```text\n(.*?)```)?", (ROOT / page).read_text(), re.DOTALL
    )
    return [(commands, printed) for commands, printed in found if not commands.startswith(ASIDE)]


async def typed(commands: str, **environment: str) -> str:
    """Gives what a shell prints that is fed these commands, in the project's folder."""
    shell = await asyncio.create_subprocess_exec(
        *("bash", "-uo", "pipefail", "-c", commands),
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await shell.communicate()
    return output.decode()
