"""What a correction brings with it: the age of the row that it corrects."""

from keepwell import loop, unify
from keepwell.engine import collected
from keepwell.engine.duck import DuckEngine
from keepwell.loop.corrections import corrected
from keepwell.loop.intake import Manner, all_of
from keepwell.progress import quiet
from keepwell.settings import Settings
from keepwell.store import Workspace

HEAD = "order_id,customer_id,date,amount\n"


def test_a_row_that_corrects_is_as_old_as_the_first_of_its_key(tmp_path):
    head = "customer_id,name,email,street,city\n"
    ann, other = "Ann Archer,ann@example.com,7 Elm Lane,Leeds\n", "Ann Archer,ann@example.com,7 Elm Ln,Leeds\n"
    parts = {
        "orders.csv": HEAD + "1,K9,2024-01-01,10\n",
        "zz.csv": head + "K1," + ann,
        "list.csv": head + "K5," + other,
        "moved.csv": head + "K1," + ann.replace("7 Elm Lane", "9 Oak Road"),
        "again.csv": head + "K1," + ann.replace("7 Elm Lane", "11 Oak Road"),
    }
    folder, before = tmp_path / "w", None
    for name, text in parts.items():
        (tmp_path / name).write_text(text)
        mode = "correct" if name in {"moved.csv", "again.csv"} else "append"
        loop.add(folder, [tmp_path / name], settings=Settings(), manner=Manner(mode=mode))
        if name in {"list.csv", "again.csv"}:
            found = _customers(folder, tmp_path / name.partition(".")[0])
            assert found["K1"] == found["K5"] != found["K9"]
            assert before in (None, found)
            before = found


def _customers(folder, scratch):
    """Return {number: customer}, as a run of what counts would find it."""
    engine = DuckEngine(memory="512MB", threads=2)
    try:
        files = corrected(all_of(Workspace.open(folder)), engine, into=scratch, tell=quiet)
        people = collected(engine, unify.run(files, Settings(), engine)["people"]).to_pylist()
    finally:
        engine.close()
    return {row["number"]: row["customer_id"] for row in people}
