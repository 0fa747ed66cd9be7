"""Source files in, clean facts out, every row accounted for."""

from keepwell.unify.described import Description, Problem, described
from keepwell.unify.reading import RawFile
from keepwell.unify.recognise import Recognition, recognised
from keepwell.unify.stage import run

__all__ = ["Description", "Problem", "RawFile", "Recognition", "described", "recognised", "run"]
