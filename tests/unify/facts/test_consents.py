"""Yes and no as files tell it: never read out of an empty or an unclear cell."""

from datetime import datetime

SALES = "order_id,customer_id,date,amount\n1,7,2024-01-05,5\n"
LIST = """customer_id,email,accepts email marketing,sms consent,consent date
7,a@x.org,yes,no,2024-01-02 10:00
8,b@x.org,2023-05-06 07:08:09,,
9,c@x.org,perhaps,FALSE,
"""
PERMISSIONS = "email,consent,channel,date\na@x.org,no,post,2024-02-01\na@x.org,yes,newsletter,2024-02-02\n"


def test_a_column_tells_yes_no_or_the_moment_of_the_yes(duckdb, raw_file, ran):
    tables = ran(duckdb, raw_file(SALES), raw_file(LIST, name="people.csv"))
    told = {(c["line"], c["channel"]): (c["given"], c["at"]) for c in tables["consents"]}
    assert told == {
        (2, "email"): (True, datetime(2024, 1, 2, 10)),
        (2, "sms"): (False, datetime(2024, 1, 2, 10)),
        (3, "email"): (True, datetime(2023, 5, 6, 7, 8, 9)),
        (4, "sms"): (False, None),
    }
    assert {c["customer_id"] for c in tables["consents"]} <= {c["customer_id"] for c in tables["customers"]}


def test_a_list_of_permissions_names_its_channel_and_a_strange_one_is_all(duckdb, raw_file, ran):
    tables = ran(duckdb, raw_file(SALES), raw_file(PERMISSIONS, name="permissions.csv"))
    assert [(c["channel"], c["given"], c["at"].day) for c in tables["consents"]] == [
        ("post", False, 1),
        ("all", True, 2),
    ]


def test_a_shop_order_consents_on_its_first_row_when_it_was_made(duckdb, raw_file, ran):
    header = (
        "Name,Email,Financial Status,Accepts Marketing,Total,Created at,Lineitem quantity,Lineitem name,Lineitem price"
    )
    rows = "#1,a@x.org,paid,yes,15,2024-01-05 10:00:00 +0000,1,A,5\n#1,,,,,2024-01-05 10:00:00 +0000,2,B,5\n"
    tables = ran(duckdb, raw_file(f"{header}\n{rows}"))
    (told,) = tables["consents"]
    assert (told["channel"], told["given"], told["at"]) == ("email", True, datetime(2024, 1, 5, 10))
    assert told["customer_id"] == tables["order_lines"][0]["customer_id"] != "unknown"
