"""Draw from three posteriors on the CDNOW sample with pymc-marketing's NUTS and write a small table of summaries.

In an environment of its own (`pip install pymc-marketing==0.19.2`), because it is the peer that runs:

    python benchmarks/nuts_reference.py CDNOW_sample.txt tests/models/nuts_reference.json

The table has, per model and parameter: the log-normal prior that was given, mean, sd, 5% and 95% quantile, their
Monte-Carlo standard errors, the effective number of draws and r-hat. Times are in days.
"""

import json
import sys
from importlib.metadata import version
from pathlib import Path

import arviz as az
import numpy as np
import pandas as pd
from pymc_extras.prior import Prior
from pymc_marketing.clv import BetaGeoModel, GammaGammaModel, ParetoNBDModel

END = np.datetime64("1997-09-30").astype(np.int64)
SEED, ACCEPT = 20240101, 0.9
RUNS = {  # chains, steps of tuning, draws a chain; a step of Pareto/NBD takes the peer half a second
    "bgnbd": (4, 1_000, 2_500),
    "gammagamma": (4, 1_000, 2_500),
    "paretonbd": (2, 300, 700),
}
PRIORS = {  # middle and sd of the logarithm
    "bgnbd": {"r": (-1.0, 1.0), "alpha": (3.5, 1.0), "a": (-0.5, 1.0), "b": (0.5, 1.0)},
    "paretonbd": {"r": (-0.5, 1.0), "alpha": (4.0, 1.0), "s": (-0.5, 0.7), "beta": (4.5, 1.0)},
    "gammagamma": {"p": (1.5, 0.7), "q": (1.0, 0.7), "v": (2.5, 1.0)},
}
MODELS = {"bgnbd": BetaGeoModel, "paretonbd": ParetoNBDModel, "gammagamma": GammaGammaModel}
OURS = {"v": "gamma"}  # what the peer calls otherwise


def customers(path: str) -> pd.DataFrame:
    """Return frequency, recency, T (days) and the mean worth of a repeat purchase day of each customer."""
    rows = np.loadtxt(path, usecols=(1, 2, 4))
    text = rows[:, 1].astype(np.int64)
    dates = np.array([f"{d // 10000}-{d // 100 % 100:02d}-{d % 100:02d}" for d in text.tolist()], "datetime64[D]")
    log = pd.DataFrame({"customer_id": rows[:, 0].astype(int), "day": dates.astype(np.int64), "worth": rows[:, 2]})
    days = log[log.day <= END].groupby(["customer_id", "day"], as_index=False).worth.sum()
    days["first"] = days.groupby("customer_id").day.transform("min")
    people = days.groupby("customer_id").day.agg(["min", "max", "count"])
    worth = days[days.day > days["first"]].groupby("customer_id").worth.mean()
    table = {"frequency": people["count"] - 1, "recency": people["max"] - people["min"], "T": END - people["min"]}
    return pd.DataFrame({**table, "monetary_value": worth}).reset_index()


def summarised(name: str, data: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Sample one model and return its rows of the table."""
    if name == "gammagamma":
        data = data[data.frequency > 0][["customer_id", "frequency", "monetary_value"]]
    else:
        data = data[["customer_id", "frequency", "recency", "T"]]
    config = {key: Prior("LogNormal", mu=mu, sigma=sd) for key, (mu, sd) in PRIORS[name].items()}
    model = MODELS[name](data=data, model_config=config)
    model.build_model()
    chains, tune, size = RUNS[name]
    run = {"chains": chains, "tune": tune, "draws": size, "random_seed": SEED, "cores": 1, "progressbar": False}
    model.fit(method="mcmc", target_accept=ACCEPT, **run)
    draws = model.idata.posterior
    table = {}
    for key, (mu, sd) in PRIORS[name].items():
        of = draws[key]
        table[OURS.get(key, key)] = {
            "prior_middle": mu,
            "prior_sd": sd,
            "mean": float(of.mean()),
            "sd": float(of.std()),
            "q05": float(of.quantile(0.05)),
            "q95": float(of.quantile(0.95)),
            "mcse_mean": float(az.mcse(of, method="mean")[key]),
            "mcse_sd": float(of.std()) / (2 * float(az.ess(of, method="sd")[key])) ** 0.5,
            "mcse_q05": float(az.mcse(of, method="quantile", prob=0.05)[key]),
            "mcse_q95": float(az.mcse(of, method="quantile", prob=0.95)[key]),
            "ess": float(az.ess(of)[key]),
            "rhat": float(az.rhat(of)[key]),
        }
    return table


if __name__ == "__main__":
    source, target = sys.argv[1:3]
    people = customers(source)
    found = {
        "made_by": f"pymc-marketing {version('pymc-marketing')}, pymc {version('pymc')}, arviz {version('arviz')}: "
        f"NUTS, seed {SEED}, target acceptance {ACCEPT}",
        "chains_tuning_draws": RUNS,
        "data": "CDNOW sample of a tenth, up to 1997-09-30; Gamma-Gamma on repeat purchase days",
        "models": {},
    }
    for name in RUNS:
        found["models"][name] = summarised(name, people)
        Path(target).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
