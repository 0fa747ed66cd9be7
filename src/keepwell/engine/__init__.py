"""DuckDB and Spark behind one small face, through Ibis.

A stage gets two things from an engine: the rows of an expression as Arrow batches, and a table made from
Arrow batches. Only that boundary executes; everything between is an Ibis expression.
"""

from keepwell.engine.face import Engine, Kernel, collected, number
from keepwell.engine.open import opened

__all__ = ["Engine", "Kernel", "collected", "number", "opened"]
