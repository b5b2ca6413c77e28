"""The README's commands do what the README says, on a running platform."""

import asyncio
import re
import shutil
from pathlib import Path

import pytest

README = Path(__file__).resolve().parents[2] / "README.md"
ASIDE = ("make ", "docker ")

# A block of commands, and the block of what they print that follows it.
TRIED = [
    (commands, printed)
    for commands, printed in re.findall(
        r"```sh\n(.*?)```\n(?:\n```text\n(.*?)```)?", README.read_text(), re.DOTALL
    )
    if not commands.startswith(ASIDE)
]


def test_the_readme_has_commands_to_try():
    assert len(TRIED) == 3
    assert all(printed for _, printed in TRIED)


@pytest.mark.skipif(shutil.which("curl") is None, reason="the commands are curl's")
@pytest.mark.parametrize(("commands", "printed"), TRIED, ids=range(len(TRIED)))
async def test_the_commands_print_what_the_readme_shows(platform, commands, printed):
    script = commands.replace("http://127.0.0.1:8000", platform.url)

    shell = await asyncio.create_subprocess_exec(
        *("bash", "-uo", "pipefail", "-c", script),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await shell.communicate(f"{platform.admin_password}\n".encode())

    assert said.decode().splitlines() == printed.splitlines()
