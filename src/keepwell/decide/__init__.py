"""Values and the cost of contact in; a verdict per customer and the keep-or-stop curve out."""

from keepwell.decide.plan import stop_total
from keepwell.decide.stage import run

__all__ = ["run", "stop_total"]
