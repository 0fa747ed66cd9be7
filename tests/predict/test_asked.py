"""Any stretch of time is forecast as a run forecasts its horizons."""

from datetime import date, timedelta

import numpy as np
import pytest

from keepwell import predict
from keepwell.engine import collected
from keepwell.errors import ConfigError, DataError
from keepwell.predict.asked import asked
from keepwell.settings import from_dict

PLAIN = {"models": ["bgnbd", "paretonbd"], "season": False, "covariates": [], "challenger": False}


def settings(**more):
    return from_dict({"as_of": date(2023, 1, 1) + timedelta(days=545), "predict": PLAIN, **more})


@pytest.fixture(scope="module")
def orders(duckdb, orders_of, small_shop):
    who, day, worth = small_shop
    known = day < 546
    return {"order_contribution": orders_of(duckdb, who[known], day[known], worth[known])}


def test_a_quarter_asked_is_the_quarter_of_the_values(duckdb, orders):
    one = asked(orders, settings(), duckdb, days=[91])[0]
    values = predict.run(orders, settings(), duckdb)["values"]
    rows = collected(duckdb, values.filter(values.horizon == "3m").order_by("customer_id"))
    assert one.ids.to_pylist() == rows["customer_id"].to_pylist()
    np.testing.assert_allclose(one.forecast.orders, rows["expected_orders"].to_numpy(), rtol=0.02)


def test_more_days_bring_more_and_the_total_lies_in_its_interval(duckdb, orders):
    found = asked(orders, settings(), duckdb, days=[30, 100, 273])
    totals = [one.forecast.orders.sum() for one in found]
    assert totals == sorted(totals)
    assert all(one.lower < total < one.upper for one, total in zip(found, totals, strict=True))


def test_without_a_day_or_customers_it_says_so(duckdb, orders):
    with pytest.raises(ConfigError, match="last day"):
        asked(orders, from_dict({}), duckdb, days=[91])
    nobody = {"order_contribution": orders["order_contribution"].filter(False)}
    with pytest.raises(DataError, match="ever bought"):
        asked(nobody, settings(), duckdb, days=[91])
