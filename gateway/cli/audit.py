"""`souk audit verify`: verifies an export of a tenant's log offline, with public keys only.

It depends only on the standard library, cryptography, and modules of ours that need no more, so
that an auditor can read all of it. The exit code is 0 if the export is valid, else 1.
"""

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gateway.cli.exports import Export, InvalidExport, parse_hex, read
from services.kernel.evidence import merkle, signed_notes
from services.kernel.evidence.event_signatures import EventKeys


def verify(
    export: Export,
    keys: Iterable[signed_notes.Key],
    *,
    witnesses: Iterable[signed_notes.Key] = (),
    earlier: Iterable[str] = (),
) -> str:
    """Checks an export against its signed checkpoints, and against earlier checkpoints.

    Raises:
        Bad: the export is not valid.
    """
    known_keys, roots = list(keys), _roots(export)
    signed = [_signed(note, known_keys, size) for size, note in sorted(export.checkpoints.items())]
    verified_size = 0
    for checkpoint in signed:
        _check(export, checkpoint, roots, verified_size)
        verified_size = checkpoint.size
    if not signed or verified_size != export.size or len(export.leaves) != export.size:
        raise InvalidExport(
            f"the export should have {export.size} entries, but has {len(export.leaves)},"
            f" and its checkpoints cover the first {verified_size}"
        )
    for note in earlier:
        checkpoint = _signed(note, known_keys, None)
        if checkpoint.size > export.size:
            raise InvalidExport(
                f"entry {export.size} is missing: the kept checkpoint covers {checkpoint.size}"
                " entries. If the export is older than the checkpoint, export again"
            )
        _check(export, checkpoint, roots, 0)
    _check_erasures(export)
    head = _check_platform(export, known_keys, list(witnesses))
    _check_unsigned(export, head.get("signed_from"))
    return str(head.get("time"))


def _roots(export: Export) -> list[bytes]:
    """Returns the root at every size, which every checkpoint must match."""
    frontier = merkle.Frontier()
    roots = [frontier.root]
    for leaf in export.leaves:
        for _ in frontier.append(leaf):
            pass
        roots.append(frontier.root)
    return roots


def _signed(note: str, keys: list[signed_notes.Key], size: int | None) -> signed_notes.Checkpoint:
    try:
        checkpoint = signed_notes.verified(note, keys)
    except signed_notes.InvalidNote as error:
        name = "kept checkpoint" if size is None else f"checkpoint at size {size}"
        raise InvalidExport(f"the {name}: {error}") from None
    if size not in (None, checkpoint.size):
        raise InvalidExport(f"the checkpoint at size {size} has size {checkpoint.size}")
    return checkpoint


def _check(
    export: Export, checkpoint: signed_notes.Checkpoint, roots: list[bytes], verified_size: int
) -> None:
    if checkpoint.origin != export.log:
        raise InvalidExport(f"a checkpoint belongs to another log: {checkpoint.origin}")
    if checkpoint.size >= len(roots):
        raise InvalidExport(
            f"entry {len(export.leaves)} is missing: a signed checkpoint covers"
            f" {checkpoint.size} entries"
        )
    if roots[checkpoint.size] != checkpoint.root:
        last = checkpoint.size - 1
        where = (
            f"entry {verified_size}"
            if verified_size == last
            else f"one of the entries {verified_size} to {last}"
        )
        raise InvalidExport(f"{where} differs from what was signed")


def _check_erasures(export: Export) -> None:
    """Accepts a missing payload only if a later entry records its erasure."""
    if export.without_payload:
        first = min(export.without_payload.values())
        raise InvalidExport(
            f"entry {first} has no payload, and no later entry records its erasure. If it was"
            " erased during the export, export again"
        )


def _check_unsigned(export: Export, signed_from: object) -> None:
    """Accepts events without a signature only up to the place from which services sign.

    The head names that place; an older head does not, and covers events from before alone.
    """
    start = signed_from if type(signed_from) is int else export.size
    first = next((index for index in export.unsigned if index >= start), None)
    if first is not None:
        raise InvalidExport(f"entry {first} is not signed by its service")


def _check_platform(
    export: Export, keys: list[signed_notes.Key], witnesses: list[signed_notes.Key]
) -> dict[str, Any]:
    """Checks that the platform's tree has the head of this log, and returns what it says."""
    try:
        proof = export.platform
        head, note, index = proof["head"].encode(), proof["note"], proof["index"]
        facts, hashes = dict(json.loads(head)), [parse_hex(item) for item in proof["hashes"]]
    except (KeyError, TypeError, ValueError, RecursionError):
        raise InvalidExport(
            "the export does not end with a valid proof from the platform's tree"
        ) from None
    signed = _signed(note, keys, None)
    last = signed_notes.verified(export.checkpoints[export.size], keys)
    if facts.get("log") != export.log or facts.get("size") != export.size:
        raise InvalidExport("the proof from the platform's tree is for another log or another size")
    if facts.get("root") != last.root.hex() or signed.origin != signed_notes.PLATFORM_ORIGIN:
        raise InvalidExport("the head in the platform's tree does not match this log")
    if not merkle.is_included(merkle.leaf_hash(head), index, signed.size, hashes, signed.root):
        raise InvalidExport("the head of this log is not in the platform's tree")
    if witnesses and signed_notes.cosigned_at(note, witnesses) is None:
        raise InvalidExport(
            "the witness has not cosigned the platform's tree yet; export again later"
        )
    return facts


def _earlier_checkpoint(path: Path) -> str:
    """Reads an earlier checkpoint: a note, or a receipt or API response that contains one."""
    text = path.read_text(encoding="utf-8")
    try:
        found = json.loads(text)
        found = found.get("receipt", found.get("proof", found))
        found = found.get("checkpoint", found.get("audit_checkpoint", found))
        return str(found["note"])
    except (ValueError, AttributeError, KeyError):
        return text


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="souk audit", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="verify")
    verifying = commands.add_parser("verify", help="verify an export offline")
    verifying.add_argument("file", type=Path, help="the export, .ndjson or .csv")
    verifying.add_argument(
        "--key", type=Path, required=True, help="the platform's public key, checkpoint.pub"
    )
    verifying.add_argument(
        "--service-keys", type=Path, required=True,
        help="the services' public keys, services.pub, by which they sign events",
    )  # fmt: skip
    verifying.add_argument(
        "--witness-key", type=Path, help="witness.pub; require the witness's cosignature"
    )
    verifying.add_argument(
        "--checkpoint", type=Path, action="append", default=[],
        help="an earlier checkpoint or receipt that the export must match; may be repeated",
    )  # fmt: skip
    options = parser.parse_args(arguments)
    try:
        return _verify(options)
    except OSError as error:
        print(f"souk audit: {error}", file=sys.stderr)
        return 1


def _verify(options: argparse.Namespace) -> int:
    try:
        keys = signed_notes.read_keys(options.key.read_text())
        witnesses = (
            signed_notes.read_keys(options.witness_key.read_text()) if options.witness_key else []
        )
        export = read(options.file, EventKeys.read(options.service_keys.read_text()))
        earlier = [_earlier_checkpoint(path) for path in options.checkpoint]
        time = verify(export, keys, witnesses=witnesses, earlier=earlier)
    except (InvalidExport, signed_notes.InvalidNote) as error:
        print(f"BAD: {error}", file=sys.stderr)
        return 1
    cosigned = " and cosigned by the witness" if witnesses else ""
    unsigned_note = f", {len(export.unsigned)} from before services signed theirs"
    print(
        f"GOOD: {export.log} has {export.size} events, {export.erased} of them erased"
        f"{unsigned_note if export.unsigned else ''}; signed at {time}{cosigned}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
