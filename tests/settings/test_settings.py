"""Settings are checked at the door, and say which name is wrong."""

from decimal import Decimal

import pytest

from keepwell.errors import ConfigError
from keepwell.settings import OPTIONS, Settings, from_dict, from_toml, with_options


def test_no_file_is_needed():
    assert from_dict({}) == Settings()


def test_an_unknown_name_is_named():
    with pytest.raises(ConfigError, match=r"assumptions\.margn"):
        from_dict({"assumptions": {"margn": 0.3}})


def test_a_margin_outside_its_range_says_so():
    with pytest.raises(ConfigError, match="outside its range"):
        from_dict({"assumptions": {"margin": 0.1, "margin_low": 0.2}})


def test_a_margin_given_alone_moves_its_range():
    moved = with_options(Settings(), {"margin": 0.5}).assumptions
    assert (moved.margin_low, moved.margin, moved.margin_high) == (0.4, 0.5, 0.6)


def test_a_margin_near_one_keeps_its_range_inside():
    moved = with_options(Settings(), {"margin": 0.95}).assumptions
    assert (moved.margin_low, moved.margin_high) == (0.85, 1.0)


@pytest.mark.parametrize("value", [float("nan"), -0.1, 1.5, "much"])
def test_a_share_is_a_share(value):
    with pytest.raises(ConfigError, match="margin"):
        with_options(Settings(), {"margin": value})


def test_a_cost_keeps_its_decimals():
    assert with_options(Settings(), {"contact_cost": 0.8}).contact.cost == Decimal("0.8")


def test_an_unknown_option_names_those_there_are():
    with pytest.raises(ConfigError, match="contacts_per_year"):
        with_options(Settings(), {"contacts": 4})


def test_every_option_leads_to_a_setting():
    for path in OPTIONS.values():
        value = Settings()
        for name in path:
            value = getattr(value, name)


def test_a_broken_file_names_itself(tmp_path):
    file = tmp_path / "keepwell.toml"
    file.write_text("[assumptions\nmargin = 0.3")
    with pytest.raises(ConfigError, match=r"keepwell\.toml"):
        from_toml(file)


def test_a_value_that_does_not_fit_is_shown_with_what_would_and_what_it_means():
    with pytest.raises(ConfigError, match=r"assumptions\.margin cannot be '35': input should be less than") as error:
        with_options(Settings(), {"margin": 35})
    assert error.value.mend.startswith("Share of net sales")


def test_a_pattern_is_told_by_an_example():
    with pytest.raises(ConfigError, match="'lots'") as error:
        with_options(Settings(), {"memory": "lots"})
    assert "^" not in str(error.value)
    assert "e.g. 2GB" in error.value.mend


@pytest.mark.parametrize(
    ("tables", "told"),
    [
        (
            [{"name": "store", "cst": 300, "minutes": 5}],
            "no setting 'cst' in costs.resources 'store', did you mean 'cost'",
        ),
        ([{"name": "a", "cost": 1, "minutes": 1}, {"cst": 3}], "no setting 'cst' in costs.resources 2, did you mean"),
        ([{"name": "store", "minutes": 5}], "costs.resources 'store' lacks the setting 'cost'"),
    ],
)
def test_a_mistake_in_a_table_of_a_list_names_the_table_and_what_was_meant(tables, told):
    with pytest.raises(ConfigError) as error:
        from_dict({"costs": {"resources": tables}})
    assert told in error.value.problem


def test_a_misspelt_setting_is_answered_with_the_one_meant():
    with pytest.raises(ConfigError, match=r"predict\.challenge: there is no such setting, did you mean 'challenger'"):
        from_dict({"predict": {"challenge": True}})
