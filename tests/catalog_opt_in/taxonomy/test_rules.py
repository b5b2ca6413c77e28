"""The category tree: ancestors, descendants and moves."""

from hypothesis import given
from hypothesis import strategies as st

from services.catalog_opt_in.taxonomy import rules


@st.composite
def trees(draw):
    """Sound trees: each category lies under an earlier one, or at the top."""
    parents: dict[str, str | None] = {}
    for n in range(draw(st.integers(1, 14))):
        under = [None, *(one for one in parents if len(rules.ancestors(parents, one)) < 9)]
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
            ancestors = rules.ancestors(after, category)
            assert category not in ancestors
            assert len(ancestors) < rules.MOST_LEVELS
    elif refusal == "CATEGORY_CYCLE":
        assert under in rules.with_descendants(tree, moved)
    else:
        assert max(len(rules.ancestors(after, one)) for one in after) >= rules.MOST_LEVELS


@given(trees(), st.data())
def test_above_and_below_mirror_each_other(tree, data):
    category = data.draw(st.sampled_from(list(tree)))

    assert all(
        category in rules.ancestors(tree, one)
        for one in rules.with_descendants(tree, category) - {category}
    )
    assert all(
        category in rules.with_descendants(tree, one) for one in rules.ancestors(tree, category)
    )


@given(
    st.dictionaries(st.text(max_size=3), st.integers(0, 9), max_size=6),
    st.integers(0, 9) | st.none(),
)
def test_siblings_keep_their_order_and_leave_one_place(ranks, rank):
    siblings = dict(sorted(ranks.items(), key=lambda pair: pair[1]))

    place, shifted = rules.inserted(siblings, rank)

    after = {**siblings, **shifted}
    assert sorted([place, *after.values()]) == list(range(len(siblings) + 1))
    assert sorted(after, key=lambda sibling: after[sibling]) == list(siblings)
    assert place == min(len(siblings), len(siblings) if rank is None else rank)
    assert all(siblings[sibling] != shifted[sibling] for sibling in shifted)


def test_a_category_holds_a_thousand_others_and_no_more():
    tree = {"top": None, "new": None} | {f"c{n}": "top" for n in range(999)}
    full = {**tree, "c999": "top"}

    assert rules.move_refusal(tree, "new", "top") is None
    assert rules.move_refusal(full, "new", "top") == "CATEGORY_FULL"
    assert rules.move_refusal(full, "c0", "top") is None


@given(trees(), st.data())
def test_a_category_below_a_hidden_one_is_hidden(tree, data):
    own = data.draw(st.sets(st.sampled_from(list(tree))))

    hidden = rules.hidden(tree, own)

    assert hidden == set().union(*(rules.with_descendants(tree, id_) for id_ in own))
