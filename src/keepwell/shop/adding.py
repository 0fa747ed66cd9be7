"""How something is to be added: what was said of it, checked, and kept apart from the workspace's settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from keepwell.errors import ConfigError
from keepwell.progress import Tell
from keepwell.settings import Settings, with_options
from keepwell.store import MODES

_TOLD = ("date_order", "decimal", "timezone", "currency")  # kept with the file; other options only read it


def added(
    folder: Path,
    files: Sequence[str | Path],
    settings: Settings,
    said: Mapping[str, Any],
    options: Mapping[str, Any],
    *,
    tell: Tell,
) -> list[dict[str, Any]]:
    """Add files and tables; see `Shop.add`.

    Raises:
        DataError: One cannot be read.
        ConfigError: What was said does not fit.
    """
    from keepwell import loop
    from keepwell.unify.reading.databases import is_url

    manner = _manner(said, options, settings)
    if (manner.tables or manner.cursor) and not any(is_url(str(one)) for one in files):
        option = "--table" if manner.tables else "--cursor"
        raise ConfigError("no database is named", option, "Give its URL: keepwell add postgresql://host/shop ...")
    rest = {name: value for name, value in options.items() if name not in (*_TOLD, "columns")}
    done = loop.add(folder, files, settings=with_options(settings, rest), manner=manner, tell=tell)
    return [asdict(one) for one in done]


def _manner(said: Mapping[str, Any], options: Mapping[str, Any], settings: Settings) -> Any:
    from keepwell.loop import Manner
    from keepwell.unify.reading import Told
    from keepwell.unify.recognise import format_named

    if said["mode"] not in (None, *MODES):
        raise ConfigError(f"{said['mode']!r} is no mode", "--mode", f"Say {', '.join(MODES[:-1])} or {MODES[-1]}.")
    own = {name: options[name] for name in (*_TOLD, "columns") if name in options}
    _check(own, settings)
    told = Told(
        format=format_named(said["as_"]) if said["as_"] else "",
        columns=tuple(own.pop("columns", {}).items()),
        **{name: value.upper() if name == "currency" else value for name, value in own.items()},
    )
    return Manner(said["source"], said["mode"], said["key"], said["tables"], said["cursor"], told)


def _check(own: Mapping[str, Any], settings: Settings) -> None:
    """Refuse what the settings would refuse, and a time zone that is none."""
    from zoneinfo import ZoneInfo

    with_options(settings, own)
    try:
        ZoneInfo(own.get("timezone", "UTC"))
    except (KeyError, ValueError, OSError) as error:
        problem = f"no time zone is called {own['timezone']!r}"
        raise ConfigError(problem, "--timezone", "For example Europe/London, America/New_York or UTC.") from error
