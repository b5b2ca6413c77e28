"""Forging an export of a log, by somebody who has the file in hand; tampering.py has the rest.

Each function does one thing to a file's lines, NDJSON or CSV, at a random place.
"""

import csv
import io
import json
import random
import re
from collections.abc import Callable
from pathlib import Path

from gateway.admin.exports import _COLUMNS, _HEADER, plain
from gateway.cli.exports import FORM_WITHOUT_SIGNATURES
from services.kernel.evidence import merkle, signed_notes
from tests.campaigns.tampering import TENANT, Evidence, Record, Records, a_key

InFile = Callable[[list[str], random.Random], str]
_OUTER, _INNER = re.compile(r"\{"), re.compile(r'\{"(checkpoint|platform)":\{')


def lines_of(records: Records, *, form: str) -> list[str]:
    """Writes records as a file's lines, the way the gateway does."""
    if form == "ndjson":
        return [_json_line(record) for record in records]
    header: tuple[str, ...] = _HEADER
    if records[0]["form"] == FORM_WITHOUT_SIGNATURES:
        header = tuple(name for name in _HEADER if name != "signature")
    return [_csv_line(list(header)), *(_csv_line(_row(record, header)) for record in records)]


def _json_line(record: Record) -> str:
    return json.dumps(record, separators=(",", ":"), ensure_ascii=False) + "\n"


def _row(record: Record, header: tuple[str, ...] = _HEADER) -> list[str]:
    if "index" not in record:
        return [*("" for _ in header[1:]), json.dumps(record)]
    facts = json.loads(record["envelope"])
    columns = {name: plain(str(facts[name])) for name in _COLUMNS}
    cells = record | columns | {"record": ""}
    return ["" if cells[name] is None else str(cells[name]) for name in header]


def _csv_line(row: list[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(row)
    return buffer.getvalue()


def _entries(lines: list[str]) -> list[int]:
    return [n for n, line in enumerate(lines) if '"index"' in line[:9] or line[:1].isdigit()]


def edits_file(lines: list[str], chance: random.Random) -> str:
    """One character of an entry becomes another one."""
    number = chance.choice(_entries(lines))
    line = lines[number][:-1]
    at = chance.randrange(len(line))
    other = chance.choice(
        [c for c in "0123456789abcdefghijklmnopqrstuvwxyzABCXYZ" if c != line[at]]
    )
    lines[number] = f"{line[:at]}{other}{line[at + 1 :]}\n"
    return "".join(lines)


def deletes_line(lines: list[str], chance: random.Random) -> str:
    del lines[chance.choice(_entries(lines))]
    return "".join(lines)


def inserts_line(lines: list[str], chance: random.Random) -> str:
    places = _entries(lines)
    lines.insert(chance.choice(places), lines[chance.choice(places)])
    return "".join(lines)


def reorders_lines(lines: list[str], chance: random.Random) -> str:
    one, other = chance.sample(_entries(lines), 2)
    lines[one], lines[other] = lines[other], lines[one]
    return "".join(lines)


def truncates_file(lines: list[str], chance: random.Random) -> str:
    whole = "".join(lines)
    return whole[: chance.randrange(len(whole) - 1)]


def moves_clock(lines: list[str], chance: random.Random) -> str:
    number = chance.choice(_entries(lines))
    line = lines[number]
    at = line.index("occur_time") if '"index"' in line else 0
    digits = [n for n in range(at, len(line)) if line[n].isdigit() and line[n - 1] in ":."]
    chosen = chance.choice([n for n in digits if n < at + 60] or digits[:1])
    lines[number] = line[:chosen] + str((int(line[chosen]) + 1) % 10) + line[chosen + 1 :]
    return "".join(lines)


def _is_table(lines: list[str]) -> bool:
    return not lines[0].startswith("{")


def _cells(line: str) -> list[str]:
    return next(csv.reader([line]))


def _fields(line: str) -> Record:
    """Reads an entry; in a table, all its fields are text."""
    if line.startswith("{"):
        return dict(json.loads(line))
    return dict(zip(_HEADER, _cells(line), strict=True))


def _without(line: str, names: list[str]) -> str:
    """Writes an entry without its payload or salt, as an export has one that was erased."""
    if line.startswith("{"):
        return json.dumps(json.loads(line) | dict.fromkeys(names)) + "\n"
    row = dict(zip(_HEADER, _cells(line), strict=True))
    return _csv_line([*(row | dict.fromkeys(names, "")).values()])


def _removes(lines: list[str], chance: random.Random, names: list[str]) -> str:
    """Does it to an entry whose payload nobody erased."""
    chosen = chance.choice([n for n in _entries(lines) if "changes" in lines[n]])
    lines[chosen] = _without(lines[chosen], names)
    return "".join(lines)


def removes_payload_of_line(lines: list[str], chance: random.Random) -> str:
    return _removes(lines, chance, ["payload", "salt"])


def removes_half_of_payload(lines: list[str], chance: random.Random) -> str:
    return _removes(lines, chance, [chance.choice(["payload", "salt"])])


def hides_payload(lines: list[str], chance: random.Random) -> str:
    """Moves the first bytes of a payload, or all of it, to the end of its salt."""
    number = chance.choice([n for n in _entries(lines) if "changes" in lines[n]])
    entry = _fields(lines[number])
    payload = str(entry["payload"]).encode()
    end = chance.choice([len(payload), chance.randint(1, len(payload))])
    entry |= {"payload": payload[end:].decode(), "salt": f"{entry['salt']}{payload[:end].hex()}"}
    lines[number] = _csv_line(_row(entry)) if _is_table(lines) else _json_line(entry)
    return "".join(lines)


def adds_key(lines: list[str], chance: random.Random) -> str:
    """Something beside what is proven: a key of some object, or a column of the table."""
    if _is_table(lines):
        return _widened(lines, chance, "approver")
    number = chance.randrange(len(lines))
    return _said_beside(lines, number, chance, '"actor":"admins/innocent"')


def repeats_key(lines: list[str], chance: random.Random) -> str:
    """A key of some object, or a column of the table, stands there twice and differs."""
    if _is_table(lines):
        return _widened(lines, chance, chance.choice(_HEADER))
    number = chance.randrange(len(lines))
    key = chance.choice(list(json.loads(lines[number])))
    return _said_beside(lines, number, chance, f'"{key}":"admins/innocent"')


def _said_beside(lines: list[str], number: int, chance: random.Random, member: str) -> str:
    line = lines[number]
    starts = [opened.end() for opened in [_INNER.match(line), _OUTER.match(line)] if opened]
    ways = [f"{line[:at]}{member},{line[at:]}" for at in starts]
    lines[number] = chance.choice([*ways, f"{line[:-2]},{member}}}\n"])
    return "".join(lines)


def _widened(lines: list[str], chance: random.Random, name: str) -> str:
    rows, at = [_cells(line) for line in lines], chance.randint(0, len(_HEADER))
    for number, row in enumerate(rows):
        row.insert(at, "admins/innocent" if number else name)
    return "".join(map(_csv_line, rows))


def edits_with_leaf(lines: list[str], chance: random.Random) -> str:
    """The actor of an entry becomes another one, and its leaf is made to fit."""
    number = chance.choice(_entries(lines))
    entry = _fields(lines[number])
    forged = entry["envelope"].replace('"actor":"', '"actor":"x', 1)
    entry |= {"envelope": forged, "leaf": merkle.leaf_hash(forged.encode()).hex()}
    lines[number] = _csv_line(_row(entry)) if _is_table(lines) else _json_line(entry)
    return "".join(lines)


def shows_another(lines: list[str], chance: random.Random) -> str:
    """What is shown for people: another cell of an entry, one beside a record, or a key."""
    if not _is_table(lines):
        return adds_key(lines, chance)
    number = chance.randrange(1, len(lines))
    row = _cells(lines[number])
    row[chance.randint(1, len(_COLUMNS))] = "admins/innocent"
    lines[number] = _csv_line(row)
    return "".join(lines)


IN_FILE: dict[str, InFile] = {
    "edit": edits_file,
    "edit with its leaf": edits_with_leaf,
    "remove a payload": removes_payload_of_line,
    "remove half of a payload": removes_half_of_payload,
    "hide a payload in its salt": hides_payload,
    "add a key": adds_key,
    "repeat a key": repeats_key,
    "show another": shows_another,
    "delete": deletes_line,
    "insert": inserts_line,
    "reorder": reorders_lines,
    "truncate": truncates_file,
    "clock edit": moves_clock,
}


def rewritten(records: Records, chance: random.Random) -> Records:
    """An export whose tree was made again over a changed entry, signed by a key of one's own."""
    forged = json.loads(json.dumps(records))
    places = [n for n, record in enumerate(forged) if "index" in record]
    chosen = forged[chance.choice(places)]
    chosen["envelope"] = chosen["envelope"].replace('"outcome":"DONE"', '"outcome":"DENIED"')
    chosen["leaf"] = merkle.leaf_hash(chosen["envelope"].encode()).hex()
    tree, key, roots = merkle.Frontier(), a_key(), {}
    for place in places:
        list(tree.append(bytes.fromhex(forged[place]["leaf"])))
        roots[tree.size] = tree.root
    for record in forged:
        if "checkpoint" in record:
            size = record["checkpoint"]["size"]
            made = signed_notes.Checkpoint(signed_notes.origin(TENANT), size, roots[size])
            record["checkpoint"]["note"] = key.sign(made)
    return list(forged)


def flaw_in_file(evidence: Evidence, content: str, path: Path) -> str:
    path.write_text(content, encoding="utf-8")
    return evidence.flaw_in_file(path)
