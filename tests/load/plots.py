"""Draws the tables of docs/benchmarks.md: `python -m tests.load.plots` writes docs/plots/*.svg."""

import math
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
TABLES = ROOT / "docs" / "benchmarks.md"
FOLDER = ROOT / "docs" / "plots"


class Plot(NamedTuple):
    """A picture of the table under a heading: `values` by `steps`, a curve for each first cell."""

    heading: str
    steps: str
    values: str


PLOTS = {
    "throughput": Plot("Requests", "connections", "requests/s"),
    "latency": Plot("Requests", "connections", "p99 ms"),
    "peers": Plot("Hot reads beside peers", "connections", "requests/s"),
    "tenants": Plot("Growth with the tenants", "tenants", "CPU ms"),
}
Curves = Mapping[str, Mapping[str, float]]

_COLOURS: tuple[str, ...] = (
    "#4e79a7",
    "#f28e2b",
    "#59a14f",
    "#e15759",
    "#76b7b2",
    "#b07aa1",
    "#9c755f",
    "#edc948",
)
_COLOURS += ("#ff9da7", "#86bcb6")
_LEFT, _TOP, _WIDTH, _HEIGHT, _LEGEND, _LINE = 60, 40, 420, 260, 260, 20


def drawn(plot: Plot, text: str) -> str:
    """Draws a plot as SVG from the text with the tables."""
    curves = _curves(plot, text)
    steps = list(dict.fromkeys(step for curve in curves.values() for step in curve))
    return _svg(f"{plot.heading}: {plot.values} by {plot.steps}", steps, curves)


def _curves(plot: Plot, text: str) -> dict[str, dict[str, float]]:
    _, _, section = text.partition(f"## {plot.heading}\n")
    rows = list(_rows(section))
    names = rows[0]
    step, value = names.index(plot.steps), names.index(plot.values)
    curves: dict[str, dict[str, float]] = {}
    for row in rows[2:]:  # the second only separates
        curves.setdefault(row[0], {})[row[step]] = float(row[value].replace(",", ""))
    return curves


def _rows(section: str) -> Iterator[list[str]]:
    """Yields the cells of the first table's rows."""
    is_in_table = False
    for line in section.splitlines():
        if line.startswith("|"):
            is_in_table = True
            yield [cell.strip() for cell in line.strip("|").split("|")]
        elif is_in_table:
            return


def _svg(title: str, steps: Sequence[str], curves: Curves) -> str:
    values = [value for curve in curves.values() for value in curve.values()]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    height = max(_HEIGHT, _LINE * len(curves))

    def x(step: str) -> float:
        return _LEFT + _WIDTH * steps.index(step) / max(len(steps) - 1, 1)

    def y(value: float) -> float:
        return _TOP + height * (high - math.log10(value)) / max(high - low, 1)

    parts = [_text(_LEFT, 20, title, weight="bold")]
    for power in range(low, high + 1):
        at = y(10**power)
        parts.append(f'<path d="M{_LEFT} {at:.1f}h{_WIDTH}" stroke="#ddd"/>')
        parts.append(_text(_LEFT - 8, at + 4, f"{10**power:g}", anchor="end"))
    parts += [_text(x(step), _TOP + height + 20, step, anchor="middle") for step in steps]
    for n, (name, curve) in enumerate(curves.items()):
        colour = _COLOURS[n % len(_COLOURS)]
        points = " ".join(f"{x(step):.1f},{y(value):.1f}" for step, value in curve.items())
        at = _TOP + _LINE * n + 8
        parts.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'
        )
        parts.append(
            f'<path d="M{_LEFT + _WIDTH + 20} {at - 4}h16" stroke="{colour}" stroke-width="3"/>'
        )
        parts.append(_text(_LEFT + _WIDTH + 42, at, name))
    size = f"{_LEFT + _WIDTH + _LEGEND} {_TOP + height + 40}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}"'
        ' font-family="sans-serif" font-size="12">\n'
        '<rect width="100%" height="100%" fill="white"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _text(x: float, y: float, text: str, *, anchor: str = "start", weight: str = "normal") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}">'
        f"{escape(text)}</text>"
    )


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, plot in PLOTS.items():
        (FOLDER / f"{name}.svg").write_text(drawn(plot, TABLES.read_text()))
