"""Who is one person: small worlds whose answer is plain to a reader."""

import json
from datetime import date

import pytest

AT = {"street": "12 High Street", "city": "York", "postcode": "YO1 7EP", "country": "United Kingdom"}
FAR = {"street": "3 Mill Lane", "city": "Bath", "postcode": "BA1 1AA", "country": "United Kingdom"}


def told(key, name=None, *, number=None, email=None, born=None, **more):
    """Return one record; its own id is that of its number, else of its e-mail, else its own."""
    first, _, last = (name or "").partition(" ")
    return {
        "record_id": key, "own_id": number or email or key, "number": number, "email": email, "name": name,
        "first_name": first or None, "last_name": last or None, "source": "main", "format": "generic", "rows": 1,
        "born": date.fromisoformat(born) if born else None, **more,
    }  # fmt: skip


def near(number):
    return {**AT, "street": f"{number} High Street"}


WORLD = [
    # One person: a slip of the pen, a guest, a short form, a move, a marriage, a telephone written otherwise.
    told("typo1", "Katharine Obermeyer", email="kat@x.org", phone="07700 900123", **AT),
    told("typo2", "Katharien Obermeyer", phone="+44 7700 900123", **AT),
    told("short1", "William Fairweather", email="will@x.org", **near(20)),
    told("short2", "Bill Fairweather", email="will@x.org", **near(20)),
    told("move1", "Petra Quellmalz", email="petra@x.org", **near(30)),
    told("move2", "Petra Quellmalz", email="petra@x.org", **FAR),
    told("wed1", "Julia Hartnagel", email="julia@x.org", **near(40)),
    told("wed2", "Julia Sonnleitner", email="julia@x.org", **near(40)),
    # A household on one e-mail and one telephone; twins; father and son.
    told("house1", "Anna Kowalzik", email="home@k.org", phone="020 7946 0111", **near(50)),
    told("house2", "Bernd Kowalzik", email="home@k.org", phone="020 7946 0111", **near(50)),
    told("house3", None, email="home@k.org"),
    told("twin1", "Lara Zeitler", email="z@x.org", born="1990-05-05", **near(60)),
    told("twin2", "Mona Zeitler", email="z@x.org", born="1990-05-05", **near(60)),
    told("son1", "Gustav Ritzmann", email="old@x.org", phone="07700 900201", **near(70)),
    told("son2", "Gustav Ritzmann", email="young@x.org", phone="07700 900202", **near(70)),
    told("son3", "Gustav Ritzmann", **near(70)),
    # A letter joins the one whom it can be, and nobody where it can be two.
    told("one1", "Helene Tannert", email="helene@x.org", **near(80)),
    told("one2", "H. Tannert", **near(80)),
    told("two1", "Jonas Wackernagel", email="jonas@x.org", **near(90)),
    told("two2", "Jakob Wackernagel", email="jakob@x.org", **near(90)),
    told("two3", "J. Wackernagel", **near(90)),
    # One customer number is one customer whatever they are called; a filler is nobody's telephone.
    told("number1", "Otto Fassbender", number="n7", **near(100)),
    told("number2", "Ida Lindqvist", number="n7", **FAR),
    told("zero1", "Emil Brandauer", phone="0000000000", **near(110)),
    told("zero2", "Rosa Vennemann", phone="0000000000", **FAR),
    # Two numbers in one count are two customers of it, and in two counts may be one.
    told("count1", "Lucas Gonzalez", number="n8", email="lucas0@x.org", born="1978-08-20"),
    told("count2", "Lucas Gonzales", number="n9", email="lucas65@x.org", born="1978-08-20"),
    told("counts1", "Vera Stolzenfels", number="n10", email="vera@x.org", born="1968-03-11"),
    told("counts2", "Vera Stolzenfels", number="n11", email="stolz@x.org", born="1968-03-11") | {"source": "till"},
    # Colleagues.
    told("firm1", "Nils Aschenbach", company="Falcon Textiles Ltd", email="nils@falcon.org", **near(120)),
    told("firm2", "Olga Dornseif", company="FALCON TEXTILES", email="olga@falcon.org", **near(120)),
]  # fmt: skip


@pytest.fixture(scope="module")
def world(duckdb, find):
    return find(duckdb, WORLD)


@pytest.mark.parametrize("who", ["typo", "short", "move", "wed", "one", "number", "counts"])
def test_records_of_one_person_are_one_customer_with_the_eldest_id(world, who):
    whose, _tables = world
    eldest = next(row for row in WORLD if row["record_id"] == f"{who}1")
    assert whose[f"{who}1"] == whose[f"{who}2"] == eldest["own_id"]


@pytest.mark.parametrize("who", ["house", "twin", "son", "two", "zero", "firm", "count"])
def test_two_people_stay_two_whatever_they_share(world, who):
    whose, _tables = world
    assert whose[f"{who}1"] != whose[f"{who}2"]


def test_two_numbers_of_one_source_with_a_name_and_a_birthday_are_for_review(world):
    _whose, tables = world
    states = {(row["left_record"], row["right_record"]): row["state"] for row in tables["merges"]}
    assert states["count1", "count2"] == "proposed"


def test_a_record_between_father_and_son_brings_them_not_together(world):
    whose, _tables = world
    assert len({whose["son1"], whose["son2"]}) == 2


def test_a_letter_that_can_be_two_people_joins_neither(world):
    whose, _tables = world
    assert whose["two3"] not in {whose["two1"], whose["two2"]}


def test_an_e_mail_without_a_name_is_of_whoever_used_it_first(world):
    whose, _tables = world
    assert whose["house3"] == whose["house1"] == "home@k.org"


def test_who_shares_an_e_mail_has_an_id_of_their_own(world):
    whose, _tables = world
    assert whose["house2"] == "house2"


def test_a_former_id_leads_to_one_customer_and_is_none_itself(world):
    _whose, tables = world
    living = {row["customer_id"] for row in tables["people"]}
    former = [row["alias"] for row in tables["aliases"]]
    assert "typo2" in former
    assert len(set(former)) == len(former)
    assert not living & set(former)
    assert {row["customer_id"] for row in tables["aliases"]} <= living


def test_telephones_are_written_in_e_164_and_fillers_as_told(world):
    _whose, tables = world
    phone = {row["record_id"]: row["phone"] for row in tables["people"]}
    assert phone["typo1"] == phone["typo2"] == "+447700900123"
    assert phone["zero1"] == "0000000000"


def test_those_at_one_door_are_a_household_and_those_of_a_company_an_account(world):
    whose, tables = world
    member = {row["customer_id"]: row for row in tables["members"]}
    assert member[whose["house1"]]["household_id"] == member[whose["house2"]]["household_id"] is not None
    assert member[whose["firm1"]]["account_id"] == member[whose["firm2"]]["account_id"] is not None
    assert member[whose["firm1"]]["household_id"] is None
    assert member[whose["short1"]]["household_id"] is None
    names = {row["name"]: row["customers"] for row in tables["groups"]}
    assert names["Kowalzik, 50 High Street"] == 2


def test_every_merge_names_its_key_or_its_evidence(world):
    _whose, tables = world
    for row in tables["merges"]:
        evidence = json.loads(row["evidence"])
        if row["kind"] == "matched":
            assert evidence[0]["what"] == "any two records"
            # Bits are shown to two digits each.
            assert sum(part["bits"] for part in evidence[1:]) == pytest.approx(row["bits"], abs=0.05)
        else:
            assert evidence == []
    kinds = {(row["left_record"], row["right_record"]): row["kind"] for row in tables["merges"]}
    assert kinds["number1", "number2"] == "number"
    assert kinds["short1", "short2"] == "email"
    assert kinds["typo1", "typo2"] == "phone"


def test_as_many_pairs_merge_as_records_join(world):
    whose, tables = world
    merged = [row for row in tables["merges"] if row["state"] == "merged"]
    assert len(merged) == len(WORLD) - len(set(whose.values()))


def test_what_people_decided_goes_before_all_evidence(duckdb, find, world):
    whose, _tables = world
    words = [
        ("never", "typo1", "typo2"), ("same", "zero1", "zero2"), ("never", "number1", "number2"),
        ("refused", "short1", "short2"), ("same", "one1", "nobody there"),
    ]  # fmt: skip
    after, tables = find(duckdb, WORLD, words)
    assert after["typo1"] != after["typo2"]
    assert after["zero1"] == after["zero2"]
    assert after["number1"] != after["number2"]
    assert after["short1"] != after["short2"]
    decided = {(row["left_record"], row["state"]) for row in tables["merges"] if row["kind"] == "decided"}
    assert decided == {("typo1", "never"), ("zero1", "merged"), ("number1", "never"), ("short1", "refused")}
    untouched = {"move1", "wed1", "house1", "house2", "twin1", "one1", "firm1"}
    assert {key: after[key] for key in untouched} == {key: whose[key] for key in untouched}


def test_a_never_holds_through_chains(duckdb, find):
    rows = [told(key, "Ida Nachtweih", email="ida@x.org", **AT) for key in ("a", "b", "c")]
    whose, _tables = find(duckdb, rows, [("never", "a", "b")])
    assert whose["a"] != whose["b"]
    assert whose["c"] in {whose["a"], whose["b"]}


def test_an_e_mail_of_many_names_names_nobody(duckdb, find):
    names = ["Ada", "Bea", "Cora", "Dora", "Emma", "Fina", "Gerda", "Hilde", "Inga", "Jutta", "Karla", "Lotte"]
    rows = [told(name, f"{name} Ottokar{name}", email="orders@shop.org", **near(i)) for i, name in enumerate(names, 1)]
    rows += [told("more", None, email="orders@shop.org", phone="07700 900999")]
    whose, _tables = find(duckdb, rows)
    assert len(set(whose.values())) == len(rows)


def test_numbers_and_e_mails_alone_join_by_their_keys(duckdb, find):
    rows = [told("a", number="n1"), told("b", number="n1", email="p@x.org"), told("c", email="p@x.org"), told("d")]
    whose, tables = find(duckdb, rows)
    assert whose == {"a": "n1", "b": "n1", "c": "n1", "d": "d"}
    assert sorted(row["kind"] for row in tables["merges"]) == ["email", "number"]


def test_without_matching_only_equal_keys_join(duckdb, find):
    whose, _tables = find(duckdb, WORLD, match=False)
    assert whose["number1"] == whose["number2"]
    assert whose["typo1"] != whose["typo2"]


@pytest.mark.spark
@pytest.mark.slow
def test_spark_finds_what_duckdb_finds(spark, find, world):
    whose, tables = find(spark, WORLD)
    assert (whose, tables) == world
