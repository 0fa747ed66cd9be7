"""Splink on the engine that holds the records: which pairs to look at, and what each comparison weighs."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keepwell.engine import Engine
from keepwell.unify.identity.model import COMPARISONS, settings

if TYPE_CHECKING:
    import ibis.expr.types as ir

DIGITS = 6  # of weights: sums of logarithms differ in their last bits from machine to machine


def scored(clean: ir.Table, engine: Engine, *, records: int) -> ir.Table:
    """Return the pairs that share a block.

    Args:
        clean: See `cleaned`.
        engine: DuckDB or Spark.
        records: How many there are.

    Returns:
        `elder` and `younger` (places), `probability`, `bits` (log2 of the odds that the comparisons add), per
        comparison its level `gamma_*` and its bits `mw_*` (that of a name with what its rarity adds).
    """
    source, answer = engine.path(), engine.path()
    engine.write(clean, source)
    _predicted(engine, source, answer, settings(records))
    pairs = engine.read(answer)
    weights = {f"mw_{name}": _weight(pairs, name) for name in COMPARISONS}
    total = sum(weights.values())
    return pairs.select(
        elder=pairs.place_l,
        younger=pairs.place_r,
        probability=pairs.match_probability.round(DIGITS),
        bits=total.round(DIGITS),
        **{f"gamma_{name}": pairs[f"gamma_{name}"].cast("int64") for name in COMPARISONS},
        **{name: value.round(DIGITS) for name, value in weights.items()},
    )


def _weight(pairs: ir.Table, name: str) -> Any:
    own = pairs[f"mw_{name}"]
    rare = f"mw_tf_adj_{name}"
    return own + pairs[rare] if rare in pairs.columns else own


def _predicted(engine: Any, source: Path, answer: Path, how: dict[str, Any]) -> None:
    from splink import Linker

    api, table = _api(engine, source)
    linker: Any = Linker(api.register(table), how)
    logging.getLogger("splink").setLevel(logging.ERROR)  # its advice on training is for those who train
    found = linker.inference.predict()
    if engine.name == "spark":
        found.as_spark_dataframe().write.parquet(str(answer))
    else:
        found.as_duckdbpyrelation().write_parquet(str(answer), compression="zstd")
    linker.table_management.delete_tables_created_by_splink_from_db()


def _api(engine: Any, source: Path) -> tuple[Any, Any]:
    """Return Splink's face to the engine and the records as it takes them."""
    if engine.name == "spark":
        from splink.backends.spark import SparkAPI

        # No level needs the functions of Splink's jar, so that any session will do.
        made: Any = SparkAPI
        api = made(spark_session=engine.session, break_lineage_method="persist", register_udfs_automatically=False)
        return api, engine.session.read.parquet(str(source))
    from splink.backends.duckdb import DuckDBAPI

    return DuckDBAPI(connection=engine.con.con), engine.con.con.read_parquet(str(source))
