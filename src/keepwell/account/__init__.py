"""Facts in, contribution per order and a profit-and-loss ledger per customer and month out."""

from keepwell.account.contribution import totals
from keepwell.account.stage import run
from keepwell.account.work import PER_ORDER
from keepwell.account.work import model as cost_model

__all__ = ["PER_ORDER", "cost_model", "run", "totals"]
