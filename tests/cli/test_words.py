"""What the terminal says is what the summary holds."""

import pytest

from keepwell.cli import words

UNTESTED = dict.fromkeys(("champion", "best", "won_by", "won_by_se", "tests", "error_low", "error_high"))
TESTED = {"champion": "bgnbd", "best": "bgnbd", "won_by": 0.21, "won_by_se": 0.02, "tests": 2}
YEAR = {"horizon": "12m", "expected": "90.0000", **TESTED, "error_low": -0.1, "error_high": 0.1}
SOON = {"horizon": "3m", "expected": "31.0000", **TESTED, "tests": 5, "error_low": -0.3, "error_high": 0.3}
LIFE = {"horizon": "life", "expected": "1234.5000", **UNTESTED}
ANSWER = {
    "rows": {"in": 1200, "facts": 1190, "quarantined": 7, "duplicates": 3},
    "files": [{"name": "orders.csv", "format": "generic", "mapping": {"date": "When"}}],
    "as_of": "2024-12-31",
    "contribution": "300.7500",
    "revenue": "1000.0000",
    "customers": 42,
    "equity": {"expected": "90.0000", "lower": "70.0000", "upper": "120.0000", "horizon": "12m"},
    "horizons": [SOON, YEAR, LIFE],
    "backtest": {"champion": "bgnbd", "table": []},
    "trust": {"origin": "2024-01-01", "days": 364, "expected": 110.0, "actual": 100.0, "inside": 9, "periods": 13},
    "warnings": [
        {"kind": "too few", "subject": "all", "words": "Only 30 customers came back.", "serious": True},
        {"kind": "odd cohort", "subject": "2024-03", "words": "March is odd.", "serious": False},
    ],
    "stop": {"customers": 5, "saves": "12.3400"},
    "assumptions": [{"name": "margin", "value": "30%", "change": "--margin 0.35"}],
    "notes": [],
    "current": True,
    "report": "r.html",
}


@pytest.mark.parametrize(
    "said",
    [
        "1,200 rows of orders.csv (7 in quarantine, 3 twice), up to 2024-12-31",
        "301 contribution on 1,000 taken, from 42 customers",
        "90.00 contribution in the next 12 months (90% interval 70.00 to 120)",
        "in the 364 days from 2024-01-01 the same method would have forecast 110 purchases and 100 came (+10%)",
        "2 tests about that far ahead ran from -10% to +10%",
        "error of the whole forecast 21% below that of the best plain rule",
        "31.00 in 3 months, 1,234 for life",
        "! Only 30 customers came back.",
        "! 1 more warning on the forecast: see the report",
        "contacting 5 customers: that saves 12.34",
        "r.html",
    ],
)
def test_the_summary_says(said):
    assert said in words.summary(ANSWER)


def test_without_a_contact_cost_the_summary_asks_for_it():
    assert "--contact-cost" in words.summary({**ANSWER, "stop": None})


def test_a_run_that_did_not_become_current_says_so():
    assert "--accept" in words.summary({**ANSWER, "current": False})


def test_without_a_backtest_nothing_is_claimed():
    said = words.summary({**ANSWER, "trust": None, "horizons": [{**YEAR, **UNTESTED}]})
    assert "no backtest" in said
    assert "plain rule" not in said


def test_where_a_plain_rule_was_better_that_is_said():
    assert "a plain rule would have forecast 4% better" in words.summary(
        {**ANSWER, "horizons": [{**YEAR, "won_by": -0.04}]}
    )


def test_columns_and_assumptions_are_shown():
    assert "When = date" in words.mappings(ANSWER)
    assert "30%" in words.assumptions(ANSWER)
    assert "--margin 0.35" in words.assumptions(ANSWER)


def test_a_switch_that_the_words_name_already_is_not_said_again():
    note = {"name": "reading", "value": "Read as utf-8; --encoding changes it.", "change": "--encoding"}
    assert words.assumptions({"assumptions": [note]}).count("--encoding") == 1


def test_the_way_to_take_a_run_is_said_once():
    note = "More than 5% of the rows are in quarantine. Mend the files, or take it with --accept."
    assert words.summary({**ANSWER, "current": False, "notes": [note]}).count("--accept") == 1


def test_one_is_one():
    said = words.summary({**ANSWER, "customers": 1, "stop": {"customers": 1, "saves": "2.00"}})
    assert "from 1 customer\n" in said
    assert "contacting 1 customer:" in said


def test_a_file_without_a_usable_row_has_no_days():
    found = {
        "name": "a.csv", "kind": "text", "encoding": "", "delimiter": "", "header": [], "format": "generic",
        "role": "sales", "mapping": {}, "rows": 2, "facts": 0, "quarantined": 2, "money": "0.0000", "first": None,
        "last": None, "customers": 0, "nobody": 0, "reasons": {}, "examples": [], "notes": [],
    }  # fmt: skip
    assert "None" not in words.file(found)


def test_what_nobody_known_contributed_is_told_apart():
    said = words.summary({**ANSWER, "money": {"unknown_contribution": "-19.7500"}})
    assert "from 42 customers (of it -19.75 from rows that name nobody)" in said
