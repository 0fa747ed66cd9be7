"""The commented keepwell.toml says every setting and changes none."""

import re
import tomllib

import pytest
from pydantic import BaseModel

from keepwell.errors import ConfigError
from keepwell.settings import Settings, from_dict, from_toml
from keepwell.store.settings_file import template, write_settings


def test_as_written_it_changes_nothing(tmp_path):
    write_settings(tmp_path / "keepwell.toml")
    assert from_toml(tmp_path / "keepwell.toml") == Settings()


def test_with_every_mark_removed_it_still_gives_the_defaults():
    bare = re.sub(r"(?m)^#(?=\S)", "", template())
    values = tomllib.loads(bare)
    assert values.pop("as_of").year == 2025
    assert values.pop("known_by").year == 2026
    assert values["contact"].pop("cost") == 0.8
    assert from_dict(values) == Settings()


def test_every_setting_stands_there_with_its_meaning():
    text = template()
    for name, info in Settings.model_fields.items():
        section = type(getattr(Settings(), name))
        for field, inner in (section.model_fields if issubclass(section, BaseModel) else {name: info}).items():
            assert inner.description
            assert f"# {inner.description}" in text
            assert f"#{field} = " in text or f"#[[{name}.{field}]]" in text


def test_a_file_that_is_there_is_not_overwritten(tmp_path):
    (tmp_path / "keepwell.toml").write_text("as_of = 2026-01-01\n")
    with pytest.raises(ConfigError, match="is there already"):
        write_settings(tmp_path / "keepwell.toml")
    assert (tmp_path / "keepwell.toml").read_text() == "as_of = 2026-01-01\n"
