"""The category tree: ancestors, descendants and moves."""

from hypothesis import given
from hypothesis import strategies as st

from services.catalog_opt_in.taxonomy import rules


@st.composite
def trees(draw):
    """Sound trees: each category lies under an earlier one, or at the top."""
    parents: dict[str, str | None] = {}
    for n in range(draw(st.integers(1, 14))):
        under = [None, *(one for one in parents if len(rules.above(parents, one)) < 9)]
        parents[f"c{n}"] = draw(st.sampled_from(under))
    return parents


@given(trees(), st.data())
def test_an_allowed_move_leaves_a_tree_of_at_most_ten_levels(tree, data):
    moved = data.draw(st.sampled_from(list(tree)))
    under = data.draw(st.sampled_from([None, *tree]))

    refusal = rules.move_refusal(tree, moved, under)

    after = rules.moved(tree, moved, under)
    if refusal is None:
        for category in after:
            above = rules.above(after, category)
            assert category not in above
            assert len(above) < rules.MOST_LEVELS
    elif refusal == "CATEGORY_CYCLE":
        assert under in rules.below(tree, moved)
    else:
        assert max(len(rules.above(after, one)) for one in after) >= rules.MOST_LEVELS


@given(trees(), st.data())
def test_above_and_below_mirror_each_other(tree, data):
    category = data.draw(st.sampled_from(list(tree)))

    assert all(
        category in rules.above(tree, one) for one in rules.below(tree, category) - {category}
    )
    assert all(category in rules.below(tree, one) for one in rules.above(tree, category))
