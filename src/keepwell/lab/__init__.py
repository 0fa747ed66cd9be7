"""The models standing alone, for the data scientist: on arrays or a frame, without a workspace or a run.

    from keepwell import lab

    past = lab.histories(log)  # one row per customer: repeats, recency, age
    fit = lab.fit("paretonbd", past)
    fit.predict(past, ahead=365)

A frame is a pandas, Polars or Arrow table or a dict of columns; what comes back is of the same kind. Time is in one
unit of the caller's choice, and every answer is in that unit.
"""

from keepwell.lab.comparing import Comparison, compare
from keepwell.lab.fitting import MODELS, fit
from keepwell.lab.loading import load
from keepwell.lab.logs import histories
from keepwell.lab.purchases import PurchaseFit
from keepwell.lab.spending import SpendFit
from keepwell.lab.staying import StayFit

__all__ = ["MODELS", "Comparison", "PurchaseFit", "SpendFit", "StayFit", "compare", "fit", "histories", "load"]
