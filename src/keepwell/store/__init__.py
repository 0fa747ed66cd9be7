"""The workspace folder: immutable Parquet, one current run, one writer at a time."""

from keepwell.store.inbox import Entry, drop, entries, known, put
from keepwell.store.runs import Draft, Run, begin, find, finish, finished
from keepwell.store.standing import MODES, Mode, Standing, next_moment, standing
from keepwell.store.turn import turn
from keepwell.store.workspace import Workspace

__all__ = [
    "MODES",
    "Draft",
    "Entry",
    "Mode",
    "Run",
    "Standing",
    "Workspace",
    "begin",
    "drop",
    "entries",
    "find",
    "finish",
    "finished",
    "known",
    "next_moment",
    "put",
    "standing",
    "turn",
]
