"""The plots of docs/benchmarks.md show its tables."""

import pytest

from tests.load import plots


@pytest.mark.parametrize("name", plots.PLOTS)
def test_a_plot_shows_the_table_as_it_stands(name):
    file = plots.FOLDER / f"{name}.svg"

    assert file.read_text() == plots.drawn(plots.PLOTS[name], plots.TABLES.read_text()), (
        "run .venv/bin/python -m tests.load.plots"
    )
