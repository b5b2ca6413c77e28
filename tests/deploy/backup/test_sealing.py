"""Stored files: opened by their key alone, and never taken for whole when they are not."""

import io

import pytest

from deploy.backup.sealing import Sealing, Unreadable
from deploy.backup.secret_files import make_key

CONTENTS = b"".join(str(number).encode() for number in range(200_000))


@pytest.fixture
def encrypted(tmp_path):
    return Sealing(make_key(tmp_path / "private.key"), tmp_path / "private.key")


def stored(sealing, folder):
    file = folder / f"file{sealing.suffix}"
    sealing.store(io.BytesIO(CONTENTS), file)
    return file


def read(sealing, file):
    target = io.BytesIO()
    sealing.read(file, target)
    return target.getvalue()


def test_a_stored_file_is_read_again(encrypted, tmp_path):
    for sealing in (Sealing(), encrypted):
        file = stored(sealing, tmp_path)

        assert read(encrypted, file) == CONTENTS
        assert file.stat().st_size < len(CONTENTS)


def test_without_the_private_key_nothing_is_read(encrypted, tmp_path):
    file = stored(encrypted, tmp_path)
    make_key(tmp_path / "other.key")

    with pytest.raises(Unreadable, match="SOUK_BACKUP_IDENTITY"):
        read(Sealing(), file)
    with pytest.raises(Unreadable, match="No matching keys"):
        read(Sealing(identity=tmp_path / "other.key"), file)
    with pytest.raises(Unreadable, match=r"cannot read the private key .*missing\.key"):
        read(Sealing(identity=tmp_path / "missing.key"), file)


@pytest.mark.parametrize("part", [0.0, 0.3, 0.999])
def test_a_file_that_ends_too_early_is_told(encrypted, tmp_path, part):
    for sealing in (Sealing(), encrypted):
        file = stored(sealing, tmp_path)
        data = file.read_bytes()
        file.write_bytes(data[: int(len(data) * part)])

        with pytest.raises(Unreadable, match=file.name):
            read(sealing, file)


def test_a_changed_byte_is_told(encrypted, tmp_path):
    for sealing in (Sealing(), encrypted):
        file = stored(sealing, tmp_path)
        data = bytearray(file.read_bytes())
        data[len(data) // 2] ^= 1
        file.write_bytes(data)

        with pytest.raises(Unreadable, match=file.name):
            read(sealing, file)


def test_a_write_that_fails_leaves_nothing_and_says_why(encrypted, tmp_path):
    class Broken:
        def read(self, size=-1, /):
            raise OSError(5, "Input/output error")

    for sealing in (Sealing(), encrypted):
        with pytest.raises(OSError, match="Input/output error"):
            sealing.store(Broken(), tmp_path / "file")

        assert not list(tmp_path.glob("*file*"))
