"""The workspace: a folder that is the truth, whatever computes on it.

    workspace.json                    format version, id
    keepwell.toml                     settings; optional
    inbox/<source>/<digest>.parquet   what came in, append-only; <digest>.json says how it was read
    runs/<run id>/<table>.parquet     one complete run, never changed; run.json says what made it
    current                           id of the run that readers see, replaced atomically
    reports/                          written by the report

`.scratch` and names like `.*.part` belong to the writer whose turn it is: what is not finished. Nobody reads them,
so the next writer clears away what a killed one left.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from keepwell.errors import WorkspaceError
from keepwell.progress import Tell, quiet
from keepwell.store.files import PART, read_json, removed, replaced, replaced_json
from keepwell.store.turn import turn
from keepwell.version import __version__

FORMAT = 1  # raised when an older Keepwell could no longer read the folder rightly
IDENTITY = "workspace.json"
SETTINGS = "keepwell.toml"
_PARTS = {"inbox", "runs", "reports", "current", SETTINGS}


@dataclass(frozen=True, slots=True)
class Workspace:
    """An opened workspace. `current` was read once, on opening, so that all reading is from one run."""

    folder: Path  # absolute
    id: str
    current: str | None  # None: no run has become current yet

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open the workspace at `folder`; writes nothing.

        Raises:
            WorkspaceError: There is none, it is damaged, or a newer Keepwell wrote it.
        """
        folder = folder.absolute()
        _check_is_folder(folder)
        if not (folder / IDENTITY).is_file():
            mend = "Give a folder made by `keepwell run FILES` or `keepwell init`."
            raise WorkspaceError(f"not a workspace: it has no {IDENTITY}", str(folder), mend)
        values = read_json(folder / IDENTITY)
        _check_format(values.get("format"), folder)
        return cls(folder, str(values.get("id", "")), _current(folder))

    @classmethod
    def create(cls, folder: Path, *, tell: Tell = quiet) -> Self:
        """Open the workspace at `folder`, making it where there is none.

        Raises:
            WorkspaceError: It cannot be opened, or something else is there.
        """
        folder = folder.absolute()
        if not (folder / IDENTITY).is_file():
            _check_is_free(folder)
            folder.mkdir(parents=True, exist_ok=True)
            with turn(folder, what="make the workspace", tell=tell):
                if not (folder / IDENTITY).is_file():
                    _write_identity(folder)
        return cls.open(folder)

    @property
    def name(self) -> str:
        """The folder's name without '.keepwell'."""
        return self.folder.name.removesuffix(".keepwell")

    @property
    def inbox(self) -> Path:
        """Where files that came in lie."""
        return self.folder / "inbox"

    @property
    def runs(self) -> Path:
        """Where finished runs lie."""
        return self.folder / "runs"

    @property
    def reports(self) -> Path:
        """Where reports lie."""
        return self.folder / "reports"

    @property
    def scratch(self) -> Path:
        """Where the writer whose turn it is keeps what nobody else reads."""
        return self.folder / ".scratch"

    @property
    def settings_file(self) -> Path:
        """Where the settings are, if there are any."""
        return self.folder / SETTINGS

    def make_current(self, run_id: str) -> None:
        """Let readers who open the workspace from now on see the run `run_id`."""
        replaced(self.folder / "current", run_id + "\n", what="current")

    def sweep(self) -> None:
        """Clear away what killed writers left; call only in one's turn."""
        removed(self.scratch)
        for place in (self.folder, self.runs, *sorted(self.inbox.glob("*/"))):
            for path in sorted(place.glob(f".*{PART}")):
                removed(path)

    def erase_if_unused(self) -> None:
        """Delete the workspace, in one's turn, unless something came in or the user put settings there."""
        held = [path for place in (self.inbox, self.runs, self.reports) for path in place.rglob("*") if path.is_file()]
        if not held and not self.settings_file.exists():
            removed(self.folder / IDENTITY)
            removed(self.folder)


def _current(folder: Path) -> str | None:
    try:
        return (folder / "current").read_text(encoding="utf-8").strip() or None
    except FileNotFoundError:
        return None


def _write_identity(folder: Path) -> None:
    made = datetime.now(UTC).isoformat(timespec="seconds")
    values = {"format": FORMAT, "id": uuid.uuid4().hex, "made": made, "keepwell": __version__}
    replaced_json(folder / IDENTITY, values, what=IDENTITY)


def _check_is_folder(folder: Path) -> None:
    if not folder.exists():
        mend = "Make one with `keepwell run FILES` or `keepwell init`, or name another with --workspace."
        raise WorkspaceError("there is no workspace", str(folder), mend)
    if not folder.is_dir():
        mend = "Give the workspace's folder; to read a file, say `keepwell run FILE`."
        raise WorkspaceError("a workspace is a folder, and this is a file", str(folder), mend)


def _check_format(version: object, folder: Path) -> None:
    if not isinstance(version, int) or version < 1:
        mend = "Put it back from a backup, or start a new workspace from the source files."
        raise WorkspaceError(f"{IDENTITY} is damaged: it names no format version", str(folder), mend)
    if version > FORMAT:
        problem = f"the workspace is of format {version}, and Keepwell {__version__} knows formats up to {FORMAT}"
        raise WorkspaceError(problem, str(folder), "Install a newer Keepwell: `pip install -U keepwell`.")


def _check_is_free(folder: Path) -> None:
    """Allow nothing, an empty folder, or one whose making was cut short; never write among a stranger's files."""
    if not folder.exists():
        return
    _check_is_folder(folder)
    strange = sorted(p.name for p in folder.iterdir() if p.name not in _PARTS and not p.name.startswith("."))
    if strange:
        problem = f"the folder is no workspace and holds other files ({', '.join(strange[:3])})"
        raise WorkspaceError(problem, str(folder), "Choose a new or an empty folder with --workspace.")
