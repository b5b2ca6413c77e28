"""Rows of mapped tables in acts, on a real PostgreSQL: read, inserted and stored, by tenant."""

import pytest
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.data.acts import AuditMissing
from services.kernel.data.row_statements import RowStatements
from services.kernel.data.tables import Key, TenantOwned
from services.kernel.evidence import audit
from tests.kernel.evidence.test_audit import BEFORE, goods, recorded_events
from tests.kernel.stalls import Base, Stall, scope

pytestmark = [pytest.mark.usefixtures("stalls"), pytest.mark.parametrize("name", ["paris", "lyon"])]


class Note(TenantOwned, Base):
    __tablename__ = "note"
    __table_args__ = ({"info": {"scope": "tenant"}},)

    note_id: Mapped[str] = mapped_column(Key, primary_key=True)
    extra: Mapped[dict[str, object] | None] = mapped_column("metadata", JSONB)


async def test_a_tenant_reads_only_its_own_rows(doors, name):
    with scope(name):
        async with doors.act() as act:
            [whole] = await act.rows(Stall, "stall_id = $2", "one")
            [part] = await act.rows(Stall, "stall_id = $2", "one", without=["goods"])
            none = await act.rows(Stall, "stall_id = $2", "two")

    assert (whole.tenant_id, whole.goods) == (name, BEFORE[name, "one"])
    assert (part.stall_id, part.goods) == ("one", None)
    assert none == []


async def test_a_row_is_stored_for_its_tenant_alone(doors, name):
    other = {"paris": "lyon", "lyon": "paris"}[name]
    with scope(name):
        async with doors.act() as act:
            # Whoever it says that it belongs to.
            row = Stall(tenant_id=other, stall_id="two", goods=["figs"])
            await act.insert(row)
            [first] = await act.rows(Stall, "stall_id = $2", "one")
            first.goods = ["dates"]
            await act.update(first, "goods")
            audit.record(act, resource=f"tenants/{name}/stalls/two")

    assert row.tenant_id == name
    assert await goods(doors) == {
        **BEFORE,
        (name, "one"): ["dates"],
        (name, "two"): ["figs"],
    }
    assert [*await recorded_events(doors)] == [name]


@pytest.mark.parametrize(
    "write",
    [
        lambda act, _: act.insert(Stall(stall_id="two", goods=[])),
        lambda act, row: act.update(row, "goods"),
        lambda act, _: act.write(Stall, "DELETE FROM stall WHERE tenant_id = $1"),
    ],
)
async def test_each_kind_of_writing_needs_an_event(doors, name, write):
    async def act_in_silence():
        async with doors.act() as act:
            [row] = await act.rows(Stall, "stall_id = $2", "one")
            await write(act, row)

    with scope(name), pytest.raises(AuditMissing):
        await act_in_silence()

    assert await goods(doors) == BEFORE


def test_columns_may_bear_other_names_and_json_is_sent_as_text(name):
    statements = RowStatements(Note)

    note = Note(tenant_id=name, note_id="n", extra={"of": name})

    assert statements.update(("extra",)) == (
        "UPDATE note SET metadata = $3 WHERE tenant_id = $1 AND note_id = $2"
    )
    assert statements.values_updated(note, ["extra"]) == [name, "n", f'{{"of": "{name}"}}']
    assert statements.values_received({"metadata": '{"n": 12345678901234567890}'}) == {
        "extra": {"n": 12345678901234567890}
    }
    assert statements.values_received({"metadata": None}) == {"extra": None}
