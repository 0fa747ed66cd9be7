"""Which files are used, what each of them is, and how its columns are read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from keepwell.engine import Engine, number
from keepwell.errors import ConfigError, DataError
from keepwell.progress import Tell, quiet
from keepwell.settings import Settings
from keepwell.unify.formats import FORMATS, plain
from keepwell.unify.reading import RawFile
from keepwell.unify.recognise import Recognition, nearest, parted, recognised
from keepwell.unify.typed import Readings, Seen, readings, seen, texts


def understood(
    files: Sequence[RawFile], settings: Settings, typing: Engine, *, tell: Tell = quiet
) -> list[tuple[Seen, Readings]]:
    """Choose the files to use, recognise each and decide how its columns are read.

    Raises:
        DataError: There is no file to use, or one of no known kind.
        ConfigError: A field of `settings.reading.columns` does not exist, or the shop's time zone.
    """
    _check_zone(settings.shop.timezone)
    told = _told(_chosen(files, settings), settings, typing)
    found = []
    for file, recognition in told:
        tell(f"looking at the columns of {file.name}")
        found.append(seen(file, recognition, typing))
    return [
        (file, readings(file, [s for s in found if s is not file and s.group == file.group], settings.reading))
        for file in found
    ]


def _told(files: Sequence[RawFile], settings: Settings, typing: Engine) -> list[tuple[RawFile, Recognition]]:
    """Recognise the files; one with rows of several kinds is told of once a kind that it has."""
    whole = [(file, recognised(file, settings.reading)) for file in files]
    sold = {t.format for _file, t in whole if t.role == "sales" and FORMATS[t.format].aside != "any"}
    found = []
    for file, told in whole:
        parts = parted(file, told, settings.reading, sold=sold)
        filled = [p for p in parts if p.part is None or number(typing, texts(file, p, typing).count())]
        found += [(file, part) for part in filled or parts[:1]]
    return found


def _check_zone(name: str) -> None:
    from zoneinfo import ZoneInfo, available_timezones

    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        near = nearest(name, sorted(available_timezones()))
        raise ConfigError(f"no time zone is called {name!r}", "shop.timezone", f"Did you mean {near!r}?") from error


def _chosen(files: Sequence[RawFile], settings: Settings) -> list[RawFile]:
    """Return the files to use, each once, the earliest arrived first, else as named."""
    last = settings.known_by or date.max
    kept: dict[str, RawFile] = {}
    for file in files:
        if file.arrived.date() <= last:
            kept.setdefault(file.digest, file)
    ordered = sorted(kept.values(), key=lambda f: f.arrived)
    if not ordered:
        mend = "Name a file, or a later --known-by." if files else "Name at least one file of sales."
        raise DataError("there is no file to use", "", mend)
    unused = [
        column
        for column in settings.reading.columns
        if not any(plain(column) == plain(name) for file in ordered for name in file.header)
    ]
    if unused:
        names = ", ".join(dict.fromkeys(name for file in ordered for name in file.header))
        field = settings.reading.columns[unused[0]]
        mend = f"The columns are {names}."
        raise DataError(f"no file has a column {unused[0]!r}", f"--map {unused[0]}={field}", mend)
    return ordered
