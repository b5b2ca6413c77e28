"""Reads exports of a tenant's log for the verifier, and checks each entry by itself.

A line has exactly the fields of its form, because a reader's tools would show anything else as if
it were proven. Needs only the standard library and two kernel modules, like the verifier.
"""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from services.kernel.call.strict_json import without_repeats
from services.kernel.evidence import merkle, sealed_form, signed_notes
from services.kernel.evidence.event_signatures import EventKeys

FORM = "souk-audit-export/2"
FORM_WITHOUT_SIGNATURES = "souk-audit-export/1"
_NONE_TYPE = type(None)
_HEAD = {"form": (str,), "log": (str,), "size": (int,)}
_TEXT, _OPTIONAL = (str,), (str, _NONE_TYPE)
_ENTRY = {
    "index": (int,),
    "envelope": _TEXT,
    "payload": _OPTIONAL,
    "salt": _OPTIONAL,
    "signature": _OPTIONAL,
    "leaf": _TEXT,
}
_ENTRIES = {
    FORM: _ENTRY,
    FORM_WITHOUT_SIGNATURES: {name: kind for name, kind in _ENTRY.items() if name != "signature"},
}
_LAST = {"platform": (dict,)}
_PLATFORM = {"head": (str,), "index": (int,), "hashes": (list,), "note": (str,)}
_SIGNED = {"checkpoint": (dict,)}
_CHECKPOINT = {"size": (int,), "note": (str,)}
_READABLE = ("occur_time", "actor", "method", "resource", "outcome")
_SEALED = ["envelope", "payload", "salt", "signature", "leaf"]
_TABLES = {
    FORM: ["index", *_READABLE, *_SEALED, "record"],
    FORM_WITHOUT_SIGNATURES: ["index", *_READABLE, "envelope", "payload", "salt", "leaf", "record"],
}
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")
_LONGEST_CELL = 16 * 1024 * 1024
_ERASURE = {
    "method": "souk.audit.v1.AuditService/EraseEventPayload",
    "service": "audit",
    "outcome": "DONE",
}


class InvalidExport(Exception):
    """The export is not valid; the text names the first bad entry."""


@dataclass
class Export:
    """An export as far as it was read: leaves in order, and checkpoints.

    `without_payload` maps events that have none, and no recorded erasure, to their places.
    `unsigned` are the places of events that no service has signed.
    """

    form: str
    log: str
    size: int
    leaves: list[bytes] = field(default_factory=list)
    checkpoints: dict[int, str] = field(default_factory=dict)
    platform: dict[str, Any] = field(default_factory=dict)
    erased: int = 0
    without_payload: dict[str, int] = field(default_factory=dict)
    unsigned: list[int] = field(default_factory=list)


def read(path: Path, services: EventKeys) -> Export:
    """Reads an export and checks each entry by itself: its place, tenant, payload and signature.

    `services` are the public keys of the services, by which they sign events.

    Raises:
        Bad: an entry is not valid.
    """
    with path.open(encoding="utf-8", newline="") as file:
        try:
            return read_records(_rows(file) if path.suffix == ".csv" else _lines(file), services)
        except (ValueError, LookupError, TypeError, RecursionError, csv.Error) as error:
            raise InvalidExport(f"the file is not an export: {error}") from None


def read_records(records: Iterator[Any], services: EventKeys) -> Export:
    """Checks the documents of an export; `read` takes them from a file."""
    head = next(records, None)
    if not isinstance(head, dict) or head.get("form") not in _ENTRIES:
        raise InvalidExport(f"the file is not an export in the form {FORM}")
    _require("the head", head, _HEAD)
    export = Export(head["form"], head["log"], head["size"])
    for record in records:
        if not isinstance(record, dict) or export.platform:
            raise InvalidExport("there is data after the end of the export")
        if "index" in record:
            _add_entry(export, record, services)
        elif "checkpoint" in record:
            _add_checkpoint(export, record)
        elif "platform" in record:
            _require("the last line", record, _LAST)
            _require("the proof from the platform's tree", record["platform"], _PLATFORM)
            export.platform = record["platform"]
        else:
            raise InvalidExport("the export has a line of an unknown kind")
    return export


def _require(what: str, found: dict[str, Any], form: Mapping[str, tuple[type, ...]]) -> None:
    if found.keys() != form.keys() or any(type(found[key]) not in form[key] for key in form):
        raise InvalidExport(f"{what} must have exactly these fields: {', '.join(form)}")


def _add_entry(export: Export, record: dict[str, Any], services: EventKeys) -> None:
    expected = len(export.leaves)
    _require(f"entry {expected}", record, _ENTRIES[export.form])
    if record["index"] != expected or export.checkpoints:
        index = record["index"]
        raise InvalidExport(f"entry {expected} is missing: entry {index} is in its place")
    facts = _facts(expected, record["envelope"])
    tenant = export.log.removeprefix(signed_notes.origin(""))
    if not facts["event"].startswith(f"tenants/{tenant}/events/"):
        raise InvalidExport(f"entry {expected} belongs to another log")
    _check_payload(expected, facts, record)
    _track_erasure(export, facts, record)
    leaf = merkle.leaf_hash(record["envelope"].encode())
    if parse_hex(record["leaf"]) != leaf:
        raise InvalidExport(
            f"entry {expected} has an envelope that does not match its leaf in the tree"
        )
    _check_signature(export, facts, record, services)
    export.leaves.append(leaf)


def _facts(index: int, envelope: str) -> dict[str, Any]:
    facts = sealed_form.document(envelope)
    if facts is None or not sealed_form.is_envelope(facts):
        raise InvalidExport(f"entry {index} has no envelope of the sealed form")
    return facts


def _check_payload(index: int, facts: dict[str, Any], record: dict[str, Any]) -> None:
    """Checks that the payload is the one committed to; an erased one leaves nothing to check."""
    payload, salt = record["payload"], record["salt"]
    if payload is None and salt is None:
        return
    if payload is None or salt is None:
        raise InvalidExport(f"entry {index} has only half of its payload")
    flaw = sealed_form.payload_flaw(payload.encode(), parse_hex(salt), facts["payload_hash"])
    if flaw:
        raise InvalidExport(f"entry {index} has a payload that does not match its envelope: {flaw}")


def _check_signature(
    export: Export, facts: dict[str, Any], record: dict[str, Any], services: EventKeys
) -> None:
    """Checks that the service signed the envelope, or notes that nobody did."""
    index, signature = record["index"], record.get("signature")
    if signature is None:
        export.unsigned.append(index)
    elif not services.have_signed(
        record["envelope"].encode(), facts["service"], parse_hex(signature), including_revoked=True
    ):
        raise InvalidExport(
            f"entry {index} is not signed by a known key of its service, {facts['service']}"
        )


def _track_erasure(export: Export, facts: dict[str, Any], record: dict[str, Any]) -> None:
    """Notes that an entry has no payload, or that it records the erasure of an earlier one."""
    if _ERASURE.items() <= facts.items():
        export.without_payload.pop(facts["resource"], None)
    if record["payload"] is None:
        export.erased += 1
        export.without_payload.setdefault(facts["event"], record["index"])


def _add_checkpoint(export: Export, record: dict[str, Any]) -> None:
    checkpoint, previous_size = record["checkpoint"], next(reversed(export.checkpoints), 0)
    what = f"the checkpoint after size {previous_size}"
    _require(what, record, _SIGNED)
    _require(what, checkpoint, _CHECKPOINT)
    if checkpoint["size"] <= previous_size:
        raise InvalidExport(f"{what} has size {checkpoint['size']}")
    export.checkpoints[checkpoint["size"]] = checkpoint["note"]


def _lines(file: Iterable[str]) -> Iterator[Any]:
    for number, line in enumerate(file, 1):
        yield _document(line, number)


def _document(text: str, line: int) -> Any:  # noqa: ANN401 - whatever JSON says
    try:
        return json.loads(text, object_pairs_hook=without_repeats)
    except ValueError as error:
        raise InvalidExport(f"line {line} is not part of an export: {error}") from None


def _rows(file: Iterable[str]) -> Iterator[Any]:
    csv.field_size_limit(_LONGEST_CELL)
    rows = csv.reader(file, strict=True)
    columns = next(rows, [])
    if columns not in _TABLES.values():
        raise InvalidExport(f"the columns of the table must be {', '.join(_TABLES[FORM])}")
    for row in rows:
        if len(row) != len(columns):
            raise InvalidExport(
                f"line {rows.line_num} does not have exactly the cells of the table"
            )
        *cells, text = row
        yield _other_record(cells, text, rows.line_num) if text else _entry(columns, cells)


def _other_record(cells: list[str], text: str, line: int) -> Any:  # noqa: ANN401 - as JSON
    """Reads a row that is a single document; entries have cells for people to read."""
    document = _document(text, line)
    if any(cells) or "index" in document:
        raise InvalidExport(f"line {line} is neither an entry nor a record on its own")
    return document


def _entry(columns: list[str], cells: list[str]) -> dict[str, Any]:
    """Reads a row that is an entry, and compares its readable cells with its envelope."""
    row = dict(zip(columns[:-1], cells, strict=True))
    index = json.loads(row["index"])
    facts = _facts(index, row["envelope"])
    for name in _READABLE:
        if row[name] != _plain(str(facts[name])):
            raise InvalidExport(f"entry {index} shows a different {name} than its envelope")
    sealed = {name: row[name] or None for name in _SEALED if name in row}
    return {"index": index, **sealed}


def _plain(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULAS) else text


def parse_hex(text: str) -> bytes:
    """Decodes hexadecimal in its canonical form only."""
    data = bytes.fromhex(text)
    if data.hex() != text:
        raise ValueError(f"not hexadecimal: {text[:100]}")
    return data
