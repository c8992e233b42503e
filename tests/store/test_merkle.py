"""Proofs that one head continues another: every true one holds, no other does."""

from hypothesis import given
from hypothesis import strategies as st

from bot.store.merkle import EMPTY_ROOT, Tree, is_consistent, leaf_hash, node_hash, root

LEAVES = [leaf_hash(bytes([n])) for n in range(70)]
sizes = st.tuples(st.integers(1, 70), st.integers(1, 70)).map(sorted)


@given(sizes)
def test_every_head_continues_each_one_before_it(pair: list[int]) -> None:
    first, second = pair
    proof = Tree(LEAVES[:second]).consistency(first)
    old, new = root(LEAVES[:first]), root(LEAVES[:second])

    assert is_consistent(first, second, old, new, proof)
    assert len(proof) <= 8  # 1 + the logarithm of the size


@given(sizes, st.data())
def test_a_history_that_was_written_anew_has_no_proof(
    pair: list[int], data: st.DataObject
) -> None:
    """
    Whoever changes one old record gets another tree, which continues nothing.
    """
    first, second = pair
    place = data.draw(st.integers(0, first - 1))
    forged = [*LEAVES[:place], leaf_hash(b"forged"), *LEAVES[place + 1 : second]]
    tree = Tree(forged)

    old, new = root(LEAVES[:first]), tree.root
    assert not is_consistent(first, second, old, new, tree.consistency(first))
    true = Tree(LEAVES[:second]).consistency(first)
    assert not is_consistent(first, second, old, new, true)


@given(sizes, st.data())
def test_no_other_proof_holds(pair: list[int], data: st.DataObject) -> None:
    first, second = pair
    proof = list(Tree(LEAVES[:second]).consistency(first))
    old, new = root(LEAVES[:first]), root(LEAVES[:second])
    how = data.draw(st.sampled_from(["add", "cut", "change", "swap"]))
    other = [*proof]
    if how == "add":
        other.insert(data.draw(st.integers(0, len(proof))), EMPTY_ROOT)
    elif not proof:
        return
    elif how == "cut":
        del other[data.draw(st.integers(0, len(proof) - 1))]
    elif how == "change":
        other[data.draw(st.integers(0, len(proof) - 1))] = node_hash(old, new)
    else:
        other.reverse()
    if other != proof:
        assert not is_consistent(first, second, old, new, other)


@given(sizes, st.integers(0, 80), st.integers(0, 80))
def test_a_proof_holds_for_its_own_sizes_alone(
    pair: list[int], one: int, two: int
) -> None:
    first, second = pair
    proof = Tree(LEAVES[:second]).consistency(first)
    old, new = root(LEAVES[:first]), root(LEAVES[:second])

    if is_consistent(one, two, old, new, proof):
        # Shapes can agree in what a proof uses; the roots are signed with their sizes.
        assert one <= two
        assert (one == two) == (old == new)


def test_the_vectors_of_the_rfc() -> None:
    """RFC 6962, 2.1.3: the tree of seven leaves and its three proofs."""
    leaves = LEAVES[:7]
    a, b, c, d, e, f, j = leaves
    g, h, i = node_hash(a, b), node_hash(c, d), node_hash(e, f)
    k, m = node_hash(g, h), node_hash(i, j)
    tree = Tree(leaves)

    assert node_hash(k, m) == tree.root
    assert (c, d, g, m) == tree.consistency(3)
    assert (m,) == tree.consistency(4)
    assert (i, j, k) == tree.consistency(6)


def test_the_empty_tree_is_continued_by_all() -> None:
    assert is_consistent(0, 3, EMPTY_ROOT, root(LEAVES[:3]), ())
    assert not is_consistent(0, 3, LEAVES[0], root(LEAVES[:3]), ())
    assert not is_consistent(4, 3, LEAVES[0], root(LEAVES[:3]), ())
