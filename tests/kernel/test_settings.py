"""A process that is told something wrong says what, and does not start."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def start(tmp_path, **settings):
    """Starts the audit service with sound settings, but for those given; None leaves one out."""
    sound = {
        "SOUK_LISTEN": "127.0.0.1:1",
        "SOUK_POSTGRES": "127.0.0.1:1",
        "SOUK_SECRETS": str(tmp_path),
    }
    given = {name: value for name, value in (sound | settings).items() if value is not None}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SOUK_")}
    return subprocess.run(
        [sys.executable, "-m", "services.audit", "serve"],
        env=kept | given,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("SOUK_LISTEN", None),
        ("SOUK_LISTEN", "50051"),
        ("SOUK_LISTEN", "127.0.0.1:0"),
        ("SOUK_POSTGRES", None),
        ("SOUK_POSTGRES", "db:99999"),
        ("SOUK_AUDIT", "audit"),
        ("SOUK_HEAD_OFFICE", "HQ"),
        ("SOUK_HEAD_OFFICE", "1hq"),
        ("SOUK_LOG_LEVEL", "loud"),
    ],
)
def test_a_setting_that_is_missing_or_wrong_is_named_in_one_line(tmp_path, setting, value):
    ended = start(tmp_path, **{setting: value})

    assert ended.returncode == 2
    assert ended.stderr.startswith(f"souk: the setting {setting}: ")
    assert len(ended.stderr.splitlines()) == 1


def test_a_secret_that_is_missing_is_named(tmp_path):
    ended = start(tmp_path)

    assert ended.returncode == 1
    assert "audit_app.password cannot be read" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_an_unknown_command_is_answered_with_the_known_ones():
    ended = subprocess.run(
        [sys.executable, "-m", "services.audit", "fly"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert "serve,migrate" in ended.stderr
