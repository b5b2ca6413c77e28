"""Medusa's own client, as npm has it, does with Souk what it does with Medusa."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parent / "js_sdk"
NODE = Path(sys.executable).with_name("node")
JOURNEYS = sorted({path.stem for path in SCRIPTS.glob("*.mjs")} - {"clients", "methods"})

# npm writes it last; ./dev looks at the same file.
INSTALLED = SCRIPTS / "node_modules/.package-lock.json"

needs_js_sdk = pytest.mark.skipif(
    not INSTALLED.exists(), reason="npm's registry was not reached for js-sdk"
)


@needs_js_sdk
@pytest.mark.usefixtures("no_attempts")
@pytest.mark.parametrize("journey", JOURNEYS)
async def test_js_sdk_gets_what_medusa_would_answer(platform, journey):
    node = await asyncio.create_subprocess_exec(
        *(NODE, "--test", "--test-reporter=spec", f"{journey}.mjs"),
        cwd=SCRIPTS,
        env={
            "SOUK_URL": platform.url,
            "SOUK_EMAIL": platform.admin_email,
            "SOUK_PASSWORD": platform.admin_password,
            "SOUK_MAIL": str(platform.topology.mail),
        },
        stdout=subprocess.PIPE,
    )
    output, _ = await node.communicate()

    assert node.returncode == 0, output.decode()
