"""The loop runs the stages in order; each stage's tables are written once and read from there."""

from keepwell.loop.steps import add, run
from keepwell.loop.summary import Summary

__all__ = ["Summary", "add", "run"]
