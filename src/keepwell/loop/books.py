"""The tables of a run: each computed once into the run's folder, read back from there, and checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import reduce
from operator import or_

import ibis.expr.types as ir

from keepwell.engine import Engine, collected
from keepwell.errors import ConservationError
from keepwell.store import Draft
from keepwell.store.faults import around
from keepwell.tables import CONTRACTS, Tables, checked, offences


@dataclass(frozen=True, slots=True)
class Books:
    """The finished tables of a run that is being written."""

    draft: Draft
    engine: Engine
    tables: Tables = field(default_factory=dict)

    def write(self, made: Tables) -> None:
        """Compute, write and check the tables of one stage; later stages read what was written.

        Raises:
            ConservationError: A row breaks the contract.
        """
        for name, table in made.items():
            if name not in CONTRACTS or name in self.tables:
                continue
            path = self.draft.path(name)
            with around(f"table {name}"):
                self.engine.write(checked(name, table), path)
            self.tables[name] = self.engine.read(path)
            check_contract(name, self.tables[name], self.engine)


def check_contract(name: str, table: ir.Table, engine: Engine) -> None:
    """Ask once whether every row keeps the rules of the contract.

    Raises:
        ConservationError: One does not; names the table, the rule, how many rows and one of them.
    """
    counts = collected(engine, offences(name, table)).to_pylist()[0]
    broken = {rule: n for rule, n in counts.items() if rule != "rows" and n}
    if broken:
        rule, n = next(iter(broken.items()))
        example = _example(name, rule, table, engine)
        problem = f"{n:,} of {counts['rows']:,} rows of table {name!r} break the rule {rule!r}, for one {example}"
        raise ConservationError(problem, mend="Please report this with the file; the run was not kept.")


def _example(name: str, rule: str, table: ir.Table, engine: Engine) -> str:
    contract = CONTRACTS[name]
    if rule in contract.rules:
        bad = table.filter(~contract.rules[rule].resolve(table))
    else:
        empty = [table[c].isnull() for c, t in contract.schema.items() if not t.nullable]
        bad = table.filter(reduce(or_, empty))
    rows = collected(engine, bad.select(*contract.key).limit(1)).to_pylist()
    return str(rows[0]) if rows else "none"
