"""The witness: it cosigns what goes on from what it has seen, and nothing else."""

import base64
import errno
import os
from contextlib import contextmanager

import httpx
import pytest

from services.kernel.evidence import merkle, signed_notes
from services.kernel.process.secret_files import Fixed
from services.witness.app import create_app
from services.witness.ledger import Ledger
from services.witness.witness import Witness
from tests.campaigns.tampering import a_key
from tests.kernel.evidence.test_signed_notes import pem

ORIGIN = signed_notes.PLATFORM_ORIGIN


class Log:
    """A log that can be asked for its checkpoint and proofs at every size."""

    def __init__(self, key, word="leaf"):
        self.key = key
        self.nodes: dict[merkle.Place, bytes] = {}
        self.roots = [merkle.EMPTY]
        tree = merkle.Frontier()
        for number in range(40):
            self.nodes |= dict(tree.append(merkle.leaf_hash(f"{word}{number}".encode())))
            self.roots.append(tree.root)

    def note(self, size, origin=ORIGIN):
        return self.key.sign(signed_notes.Checkpoint(origin, size, self.roots[size]))

    def request(self, old, size, **options):
        proof = merkle.hashes_over(merkle.consistency(old, size), self.nodes)
        hashes = "".join(f"{base64.b64encode(one).decode()}\n" for one in proof)
        return f"old {old}\n{hashes}\n{self.note(size, **options)}".encode()


@pytest.fixture
def log():
    return Log(a_key())


@pytest.fixture
def file(tmp_path):
    return tmp_path / "witness" / "seen"


@pytest.fixture
def key():
    return signed_notes.WitnessKey(pem())


@pytest.fixture
def witness(log, file, key):
    made = Witness(Fixed(key), Fixed([log.key.public]), Ledger(file))
    yield made
    made._ledger.close()  # a test may have closed the first and opened another


def test_the_witness_cosigns_a_log_that_grows(witness, log, key):
    for old, size in ((0, 3), (3, 3), (3, 17), (17, 40)):
        answer = witness.add_checkpoint(log.request(old, size))

        assert answer.status == 200
        cosigned = log.note(size) + answer.text
        assert signed_notes.cosigned_at(cosigned, [key.public])
        assert signed_notes.verified(cosigned, [log.key.public]).size == size


def test_a_checkpoint_that_comes_again_takes_no_room(witness, log, file):
    witness.add_checkpoint(log.request(0, 10))
    written = file.read_bytes()

    assert witness.add_checkpoint(log.request(10, 10)).status == 200
    assert file.read_bytes() == written


@pytest.mark.parametrize(("old", "size"), [(0, 20), (5, 20), (11, 20), (0, 5)])
def test_a_wrong_old_size_is_answered_with_the_size_seen(witness, log, old, size):
    witness.add_checkpoint(log.request(0, 10))

    answer = witness.add_checkpoint(log.request(old, size))

    assert (answer.status, answer.text, answer.media_type) == (409, "10\n", "text/x.tlog.size")


def test_a_log_with_another_past_is_not_cosigned(witness, log):
    other = Log(log.key, "other")
    witness.add_checkpoint(log.request(0, 10))

    assert witness.add_checkpoint(other.request(10, 20)).status == 422
    assert witness.add_checkpoint(other.request(10, 10)).status == 409
    assert witness.add_checkpoint(log.request(10, 20)).status == 200


def test_a_log_that_shrank_is_not_cosigned(witness, log):
    witness.add_checkpoint(log.request(0, 10))

    assert witness.add_checkpoint(log.request(10, 10).replace(log.note(10).encode(),
                                  log.note(7).encode())).status == 400  # fmt: skip
    assert witness.add_checkpoint(log.request(7, 7)).status == 409


def test_nobody_elses_checkpoint_is_cosigned(witness, log):
    assert witness.add_checkpoint(Log(a_key()).request(0, 10)).status == 403
    assert witness.add_checkpoint(log.request(0, 10, origin="souk.dev/else")).status == 404


@pytest.mark.parametrize(
    "body", [b"", b"old 0", b"old x\n\n", b"old 01\n\nx", b"\xff\n\n", b"old 0\nAAAA\n\nx"]
)
def test_a_malformed_request_is_refused(witness, body):
    assert witness.add_checkpoint(body).status == 400


def test_the_last_checkpoint_survives_a_restart(witness, log, file, key):
    witness.add_checkpoint(log.request(0, 10))
    witness._ledger.close()
    with file.open("a") as torn:
        torn.write(f"{ORIGIN} 2")  # it died here

    again = Witness(Fixed(key), Fixed([log.key.public]), Ledger(file))

    assert again.add_checkpoint(log.request(0, 20)).text == "10\n"
    assert again.add_checkpoint(log.request(10, 20)).status == 200
    again._ledger.close()
    third = Ledger(file)
    assert third.newest(ORIGIN).size == 20
    third.close()
    witness._ledger = Ledger(file)


@contextmanager
def room_for(size):
    """Lets so many bytes be written and no more, as a disk does that fills up."""
    left, write = size, os.write

    def some(file, data):
        nonlocal left
        if not left:
            raise OSError(errno.ENOSPC, "no room")
        done = write(file, data[:left])
        left -= done
        return done

    with pytest.MonkeyPatch.context() as full:
        full.setattr(os, "write", some)
        yield


@pytest.mark.parametrize("room", [0, 1, len(ORIGIN) + 2, len(ORIGIN) + 20])
def test_a_full_disk_prevents_a_cosignature_and_keeps_the_file_readable(witness, log, file, room):
    witness.add_checkpoint(log.request(0, 10))

    with room_for(room):
        assert witness.add_checkpoint(log.request(10, 20)).status == 503
    assert witness.add_checkpoint(log.request(10, 30)).status == 200

    witness._ledger.close()
    again = Ledger(file)
    assert again.newest(ORIGIN).size == 30
    again.close()
    witness._ledger = Ledger(file)


def test_a_checkpoint_that_may_not_be_on_disk_is_not_cosigned(witness, log, monkeypatch):
    def fails(_):
        raise OSError(errno.EIO, "the disk")

    witness.add_checkpoint(log.request(0, 10))
    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", fails)
        answer = witness.add_checkpoint(log.request(10, 20))

    assert (answer.status, answer.text) == (503, "the checkpoint cannot be stored now\n")
    assert witness.add_checkpoint(log.request(10, 15)).status == 200


def test_two_witnesses_cannot_hold_one_file(witness, file):
    with pytest.raises(SystemExit, match="cannot open the file"):
        Ledger(file)


async def test_the_witness_answers_over_http(witness, log):
    transport = httpx.ASGITransport(create_app(witness))
    async with httpx.AsyncClient(transport=transport, base_url="http://witness") as client:
        assert (await client.get("/add-checkpoint")).status_code == 404
        large = await client.post("/add-checkpoint", content=b"x" * 70_000)
        assert large.status_code == 413
        answer = await client.post("/add-checkpoint", content=log.request(0, 9))
        assert answer.status_code == 200
        conflict = await client.post("/add-checkpoint", content=log.request(0, 9))
        assert conflict.headers["content-type"] == "text/x.tlog.size"
