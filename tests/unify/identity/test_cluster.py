"""Clusters that no conflict crosses, beside a slow plain version that looks at every pair of members."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keepwell.unify.identity.cluster import Conflicts, Edges, clustered
from keepwell.unify.identity.ranks import DECIDED, HALF, KEYED, NAMED, NUMBER

RECORDS = 8
PAIR = st.tuples(st.integers(0, RECORDS - 1), st.integers(0, RECORDS - 1)).filter(lambda p: p[0] < p[1])


def edges(*rows):
    """Return edges of (elder, younger, rank, bits, nameless)."""
    columns = list(zip(*rows, strict=True)) or [()] * 5
    kinds = (np.int64, np.int64, np.int64, np.float64, np.bool_)
    return Edges(*(np.array(values, kind) for values, kind in zip(columns, kinds, strict=True)))


def conflicts(*rows):
    """Return conflicts of (elder, younger, hard)."""
    columns = list(zip(*rows, strict=True)) or [()] * 3
    kinds = (np.int64, np.int64, np.bool_)
    return Conflicts(*(np.array(values, kind) for values, kind in zip(columns, kinds, strict=True)))


def found(records, lines, against=(), lesser=()):
    flags = np.isin(np.arange(records), lesser)
    return clustered(records, edges(*lines), conflicts(*against), lesser=flags).eldest.tolist()


def plainly(records, lines, against):
    """Join by the surest edge first, after a look at every pair of members."""
    cluster = list(range(records))
    for a, b, rank, _bits, _nameless in sorted(lines, key=lambda e: (e[2], -e[3], e[0], e[1])):
        one, two = ([r for r in range(records) if cluster[r] == cluster[x]] for x in (a, b))
        crossed = any(
            {x, y} <= set(one + two) and (x in one) != (y in one) and (hard or rank > NUMBER) for x, y, hard in against
        )
        if not crossed:
            name = min(one + two)
            cluster = [name if r in one + two else cluster[r] for r in range(records)]
    return cluster


@settings(max_examples=60, deadline=None)
@given(
    lines=st.lists(
        st.tuples(PAIR, st.sampled_from([DECIDED, NUMBER, NAMED]), st.integers(1, 9)),
        max_size=10,
        unique_by=lambda e: e[0],
    ),
    against=st.lists(st.tuples(PAIR, st.booleans()), max_size=6, unique_by=lambda e: e[0]),
)
def test_it_joins_what_the_plain_version_joins(lines, against):
    rows = [(*pair, rank, float(bits), False) for pair, rank, bits in lines]
    walls = [(*pair, hard) for pair, hard in against]
    assert found(RECORDS, rows, walls) == plainly(RECORDS, rows, walls)


def test_a_conflict_holds_through_a_chain_and_the_surer_edge_wins():
    lines = [(0, 2, NAMED, 20.0, False), (1, 2, NAMED, 30.0, False)]
    assert found(3, lines, [(0, 1, True)]) == [0, 1, 1]


def test_a_customer_number_outweighs_what_names_tell_but_not_what_a_person_said():
    lines = [(0, 1, NUMBER, 0.0, False)]
    assert found(2, lines, [(0, 1, False)]) == [0, 0]
    assert found(2, lines, [(0, 1, True)]) == [0, 1]


@pytest.mark.parametrize(("bits", "joined"), [(22.9, [0, 1, 2]), (23.0, [0, 1, 1])])
def test_a_letter_joins_whom_it_fits_by_three_bits_more(bits, joined):
    lines = [(0, 2, HALF, 20.0, False), (1, 2, HALF, bits, False)]
    assert found(3, lines, lesser=[2]) == joined


def test_two_letters_of_one_key_join_somebody_together():
    lines = [(1, 2, KEYED, 20.0, False), (0, 1, HALF, 20.0, False)]
    assert found(3, lines, lesser=[1, 2]) == [0, 0, 0]
