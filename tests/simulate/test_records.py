"""Records of people whose truth is known: the corruption is what its settings say."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from keepwell.simulate.records import CORRUPTION, misspelt, plain, ranked, recorded, written_phone
from keepwell.tables import CONTRACTS

RECORDS, PEOPLE = 6000, 3600


@pytest.fixture(scope="module")
def drawn():
    return recorded(records=RECORDS, people=PEOPLE, seed=11)


def test_they_are_the_records_that_identity_takes(drawn):
    people = CONTRACTS["people"].schema.to_pyarrow()
    for field in people:
        if field.name != "customer_id":
            assert drawn.schema.field(field.name).type.equals(field.type) or field.name == "arrived"
    assert len(set(drawn["record_id"].to_pylist())) == RECORDS
    assert set(drawn["person"].to_pylist()) == set(range(PEOPLE))


def test_the_same_seed_draws_the_same_records_and_another_draws_others():
    first, again, other = (recorded(records=300, people=200, seed=seed) for seed in (5, 5, 6))
    assert first.equals(again)
    assert not first.equals(other)


@pytest.mark.parametrize(
    ("cause", "rate"), [("typo", 0.08), ("nickname", 0.05), ("guest", 0.15), ("no phone", 0.10), ("initial", 0.03)]
)
def test_as_many_records_are_touched_as_the_settings_say(drawn, cause, rate):
    touched = sum(cause in causes for causes in drawn["causes"].to_pylist()) / RECORDS
    # Four standard errors of a share of so many records; an initial leaves nicknames alone.
    assert touched == pytest.approx(rate, abs=4 * np.sqrt(rate * (1 - rate) / RECORDS) + 0.002)


def test_nobody_is_touched_where_nothing_goes_wrong():
    clean = replace(
        CORRUPTION, typo=0, nickname=0, moved=0, married=0, twins=0, shared_email=0, guest=0, no_phone=0, initial=0,
        other_email=0, landline=0, placeholder=0, whole_name=0, shortened=0, upper_case=0, no_address=0,
    )  # fmt: skip
    drawn = recorded(records=900, people=500, seed=3, corruption=clean)
    assert not any(drawn["causes"].to_pylist())
    said = {}
    for row in drawn.to_pylist():
        told = tuple(row[c] for c in ("email", "first_name", "last_name", "street", "city", "postcode", "company"))
        assert said.setdefault(row["person"], told) == told


def test_a_shared_e_mail_is_that_of_somebody_of_the_household(drawn):
    owners = {}
    for row in drawn.to_pylist():
        if row["email"] and "other e-mail" not in row["causes"]:
            owners.setdefault(row["email"], {}).setdefault(row["person"], row["causes"])
    shared = [people for people in owners.values() if len(people) > 1]
    assert shared
    assert all(any("shared e-mail" in causes for causes in people.values()) for people in shared)


def test_names_have_a_long_tail(drawn):
    last = Counter(name.lower() for name in drawn["last_name"].to_pylist() if name)
    assert 0.003 < last.most_common(1)[0][1] / sum(last.values()) < 0.02
    assert sum(count == 1 for count in last.values()) > 0.4 * len(last)
    assert ranked(5).tolist() == pytest.approx((np.array([1 / (10 + k) for k in range(1, 6)]) / sum(
        1 / (10 + k) for k in range(1, 6))).tolist())  # fmt: skip


def test_there_cannot_be_fewer_records_than_people():
    with pytest.raises(ValueError, match="3 records cannot be of 4 people"):
        recorded(records=3, people=4, seed=1)


@pytest.mark.parametrize(("kind", "wrong"), [(0.1, "mazia"), (0.4, "maia"), (0.6, "marria"), (0.9, "mraia")])
def test_a_slip_of_the_pen_is_one_letter(kind, wrong):
    place = 0.3 if kind == 0.9 else 0.5
    assert misspelt("maria", kind=kind, place=place, letter=0.99) == wrong


def test_a_number_is_written_in_five_ways():
    ways = {written_phone("44", "7700 900123", style=style) for style in range(5)}
    assert ways == {"+44 7700 900123", "07700 900123", "07700900123", "+447700900123", "00447700900123"}


def test_a_name_in_an_e_mail_has_plain_letters():
    assert plain("Müller-Weiß") == "mullerweiss"
