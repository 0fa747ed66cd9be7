"""What `keepwell check` is told of files of every kind."""

from keepwell.settings import Settings
from keepwell.unify import described

TOUCHES = "ticket id,email,created at,type,minutes\nt1,a@x.org,2024-01-07,call,4\nt2,a@x.org,2024-01-08,call,-1\n"


def test_a_file_of_touches_is_shown_with_what_it_says_and_what_is_wrong(duckdb, raw_file):
    (told,) = described([raw_file(TOUCHES, bad=[(4, "torn", "x")])], Settings(), duckdb)
    assert (told.role, told.rows, told.usable, told.money) == ("touches", 3, 1, "")
    assert [(p.reason, p.line) for p in told.problems] == [("minutes below 0", 3), ("torn", 4)]
    assert set(told.sample[0]) == {"line", "at", "date", "kind", "minutes", "customer_key", "email"}
    assert told.unused == ()
