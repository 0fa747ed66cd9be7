"""A shop whose truth is known."""

from keepwell.simulate.comparison import compared
from keepwell.simulate.shop import Simulation, mailing_log, simulated, suggested, written
from keepwell.simulate.worlds import OUTSIDE, WORLDS, World, served, world

__all__ = [
    "OUTSIDE",
    "WORLDS",
    "Simulation",
    "World",
    "compared",
    "mailing_log",
    "served",
    "simulated",
    "suggested",
    "world",
    "written",
]
