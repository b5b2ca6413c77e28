"""Signed notes: what another implementation signed is read, and what nobody signed is refused."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from services.kernel.evidence import signed_notes

# golang.org/x/mod/sumdb/note, the example of its documentation.
PUBLIC = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
SIGNED = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqf"
    "qdngotpRZb6KE6RyyBwJnAM=\n"
)
CHECKPOINT = signed_notes.Checkpoint("souk.dev/audit/tenants/paris", 7, bytes(range(32)))


def pem():
    made = Ed25519PrivateKey.generate()
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.fixture
def log():
    return signed_notes.LogKey(pem())


@pytest.fixture
def witness():
    return signed_notes.WitnessKey(pem())


def test_a_note_that_another_implementation_signed_proves_true():
    [key] = signed_notes.read_keys(PUBLIC)

    with pytest.raises(
        signed_notes.InvalidNote, match="not a checkpoint"
    ):  # signed well, but no checkpoint
        signed_notes.verified(SIGNED, [key])
    with pytest.raises(signed_notes.InvalidNote, match="not signed by a known key"):
        signed_notes.verified(SIGNED.replace("problem,", "problem."), [key])


def test_a_signed_checkpoint_is_read_back(log):
    note = log.sign(CHECKPOINT)

    assert signed_notes.verified(note, [log.public]) == CHECKPOINT
    assert note.startswith("souk.dev/audit/tenants/paris\n7\n" + base64.b64encode(CHECKPOINT.root)
                           .decode() + "\n\n\u2014 souk.dev/audit ")  # fmt: skip


def test_a_changed_checkpoint_is_refused(log):
    note = log.sign(CHECKPOINT)

    for changed in (
        note.replace("\n7\n", "\n8\n"),
        note.replace("paris", "lyon"),
        note.replace("\n\n", "\nmore\n\n", 1),
        note[:-1],
        note.partition("\n\n")[0],
        note + "junk\n",
        "",
        "\n\n",
    ):
        with pytest.raises(signed_notes.InvalidNote):
            signed_notes.verified(changed, [log.public])


def test_another_key_proves_nothing(log, witness):
    note = log.sign(CHECKPOINT)

    for keys in ([], [signed_notes.LogKey(pem()).public], [witness.public]):
        with pytest.raises(signed_notes.InvalidNote):
            signed_notes.verified(note, keys)


def test_after_a_rotation_old_checkpoints_still_prove_true(log):
    successor = signed_notes.LogKey(pem())
    keys = signed_notes.read_keys(f"{log.public.line()}\n{successor.public.line()}\n")

    assert signed_notes.verified(log.sign(CHECKPOINT), keys) == CHECKPOINT
    assert signed_notes.verified(successor.sign(CHECKPOINT), keys) == CHECKPOINT


@pytest.mark.parametrize(
    "line", ["x", "a+b", "a+00000000+AAAA", PUBLIC.replace("c74f20a3", "c74f20a4"), PUBLIC[:-4]]
)
def test_a_line_that_is_not_a_key_is_refused(line):
    with pytest.raises(signed_notes.InvalidNote):
        signed_notes.read_keys(line)


def test_a_cosignature_tells_its_time_and_binds_the_whole_note(log, witness):
    note = log.sign(CHECKPOINT)
    cosigned = note + witness.cosign(signed_notes.body_of(note), 1_790_000_000)

    assert signed_notes.verified(cosigned, [log.public]) == CHECKPOINT
    assert signed_notes.cosigned_at(cosigned, [witness.public]) == 1_790_000_000
    assert signed_notes.cosigned_at(note, [witness.public]) is None
    assert signed_notes.cosigned_at(cosigned, [log.public]) is None
    assert signed_notes.cosigned_at(cosigned.replace("\n7\n", "\n8\n"), [witness.public]) is None
