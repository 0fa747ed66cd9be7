"""The workspace folder: immutable Parquet, one current run, one writer at a time."""

from keepwell.store.inbox import Entry, entries, known, put
from keepwell.store.runs import Draft, Run, begin, find, finish, finished
from keepwell.store.turn import turn
from keepwell.store.workspace import Workspace

__all__ = [
    "Draft",
    "Entry",
    "Run",
    "Workspace",
    "begin",
    "entries",
    "find",
    "finish",
    "finished",
    "known",
    "put",
    "turn",
]
