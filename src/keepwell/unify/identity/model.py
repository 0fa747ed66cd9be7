"""What two records tell of being one person: Splink's comparisons, with weights that are the same on every engine.

The chances stand here instead of being learnt: on a few hundred records there is nothing to learn them from, learning
in another order of rows gives other digits, and what must not go wrong (two of a household, father and son of one name)
is decided by rules that no weight can outvote (`edges`). How rare a name is, which is most of its evidence, is counted
in the data themselves. Levels use only functions that DuckDB and Spark have alike.
"""

from __future__ import annotations

from typing import Any

from keepwell.unify.identity.clean import block_names

_LENGTHS = "least(length({0}_l), length({0}_r))"
_EDITS = "levenshtein({0}_l, {0}_r)"
# A letter more or less at the end makes another name of it: Martin and Martina, Stefan and Stefanie.
_ENDING = (
    "(first_l = concat(first_r, 'a') or first_r = concat(first_l, 'a') or first_l = concat(first_r, 'e') "
    "or first_r = concat(first_l, 'e') or (substr(first_l, 1, length(first_l) - 1) = "
    "substr(first_r, 1, length(first_r) - 1) and (right(first_l, 1) in ('a', 'e', 'o') "
    "and right(first_r, 1) in ('a', 'e', 'o'))))"
)
# Two names that are both common are two names; a slip of the pen is rare beside the name it was meant to be.
_RARE = "(least(first_n_l, first_n_r) <= 3 or least(first_n_l, first_n_r) * 20 <= greatest(first_n_l, first_n_r))"


def _slip(column: str) -> str:
    long = _LENGTHS.format(column)
    return f"{long} >= 3 and {_EDITS.format(column)} <= (case when {long} >= 6 then 2 else 1 end)"


def _level(condition: str, words: str, m: float, u: float, **more: Any) -> dict[str, Any]:
    return {
        "sql_condition": condition, "label_for_charts": words, "m_probability": m, "u_probability": u,
        "fix_m_probability": True, "fix_u_probability": True, **more,
    }  # fmt: skip


def _null(condition: str) -> dict[str, Any]:
    return {"sql_condition": condition, "label_for_charts": "not told", "is_null_level": True}


def _missing(*columns: str) -> str:
    return " or ".join(f"{column}_{side} is null" for column in columns for side in "lr")


# Comparison -> its levels from the strongest down. Splink numbers them from the last, 0, up; null is -1.
COMPARISONS: dict[str, list[dict[str, Any]]] = {
    "first": [
        _null(_missing("initial")),
        _level("first_l = first_r", "the same", 0.775, 0.004, tf_adjustment_column="first", tf_adjustment_weight=1.0),
        _level(
            "contains(short_forms_l, concat('|', first_r, '|')) or contains(short_forms_r, concat('|', first_l, '|'))",
            "a short form", 0.05, 0.004,
        ),
        _level("first_l = last_r and last_l = first_r", "changed places with the last", 0.005, 0.00002),
        _level(f"{_slip('first')} and not {_ENDING} and {_RARE}", "nearly the same", 0.05, 0.002),
        _level("(first_l is null or first_r is null) and initial_l = initial_r", "the first letter", 0.06, 0.005),
        _level("substr(first_l, 1, 3) = substr(first_r, 1, 3)", "the same beginning", 0.03, 0.012),
        _level("ELSE", "another", 0.03, 0.973),
    ],
    "last": [
        _null(_missing("last")),
        _level("last_l = last_r", "the same", 0.89, 0.002, tf_adjustment_column="last", tf_adjustment_weight=1.0),
        _level(_slip("last"), "nearly the same", 0.05, 0.001),
        _level(
            "contains(concat(' ', last_l, ' '), concat(' ', last_r, ' ')) "
            "or contains(concat(' ', last_r, ' '), concat(' ', last_l, ' '))",
            "a part of it", 0.02, 0.001,
        ),
        _level("ELSE", "another", 0.04, 0.996),
    ],
    "email": [
        _null(_missing("email")),
        _level("email_l = email_r", "the same", 0.9, 0.000001),
        _level("ELSE", "another", 0.1, 0.999999),
    ],
    "phone": [
        _null(_missing("phone")),
        _level("phone_l = phone_r", "the same", 0.78, 0.000002),
        _level("ELSE", "another", 0.22, 0.999998),
    ],
    "address": [
        _null("(postcode_l is null and city_l is null) or (postcode_r is null and city_r is null)"),
        _level(
            "house_l = house_r and (way_l = way_r or (levenshtein(way_l, way_r) <= 2 and length(way_l) >= 5)) "
            "and (postcode_l = postcode_r or city_l = city_r)",
            "the same", 0.82, 0.00001,
        ),
        _level("postcode_l = postcode_r", "the same postcode", 0.05, 0.0003),
        _level("city_l = city_r", "the same town", 0.04, 0.008),
        _level("ELSE", "another", 0.09, 0.99169),
    ],
    "born": [
        _null(_missing("born")),
        _level("born_l = born_r", "the same", 0.96, 0.00004),
        _level(
            "levenshtein(born_l, born_r) <= 1 or (substr(born_l, 1, 4) = substr(born_r, 1, 4) "
            "and substr(born_l, 6, 2) = substr(born_r, 9, 2) and substr(born_l, 9, 2) = substr(born_r, 6, 2))",
            "one digit or day and month apart", 0.02, 0.0005,
        ),
        _level("substr(born_l, 1, 4) = substr(born_r, 1, 4)", "the same year", 0.01, 0.016),
        _level("ELSE", "another", 0.01, 0.98346),
    ],
}  # fmt: skip
# Level numbers as Splink gives them.
FIRST = {"same": 6, "short form": 5, "exchanged": 4, "slip": 3, "initial": 2, "beginning": 1, "other": 0}
LAST = {"same": 3, "slip": 2, "part": 1, "other": 0}
ADDRESS = {"same": 3, "postcode": 2, "town": 1, "other": 0}
BORN = {"same": 3, "near": 2, "year": 1, "other": 0}
SAME, OTHER, UNTOLD = 1, 0, -1  # e-mail and telephone


def prior(records: int) -> float:
    """Return the chance that two records drawn at random are of one person: about half of them have one other."""
    return min(0.5 / max(records, 1), 0.01)


def settings(records: int) -> dict[str, Any]:
    """Return Splink's settings for so many records."""
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "place",
        "probability_two_random_records_match": prior(records),
        "comparisons": [
            {"output_column_name": name, "comparison_levels": levels} for name, levels in COMPARISONS.items()
        ],
        "blocking_rules_to_generate_predictions": [{"blocking_rule": f"l.{name} = r.{name}"} for name in block_names()],
        "retain_matching_columns": True,
        "retain_intermediate_calculation_columns": True,
        "additional_columns_to_retain": [],
    }
