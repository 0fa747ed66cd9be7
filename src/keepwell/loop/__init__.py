"""The loop runs the stages in order; each stage's tables are written once and read from there."""

from keepwell.loop.adding import add, held, take_out
from keepwell.loop.intake import Manner
from keepwell.loop.steps import run
from keepwell.loop.summary import Summary

__all__ = ["Manner", "Summary", "add", "held", "run", "take_out"]
