"""Time zones that rows name: the moment and the shop's day, against Python's own clock."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from keepwell.unify.zones import NAMES, zone_of

SQUARE = """
Date,Time,Time Zone,Gross Sales,Discounts,Tax,Total Collected,Transaction ID,Payment ID,Event Type
2024-06-30,23:30:00,Pacific Time (US & Canada),$10.00,$0.00,$0.00,$10.00,T1,P1,Payment
2024-06-30,23:30:00,Eastern Time (US & Canada),$10.00,$0.00,$0.00,$10.00,T2,P2,Payment
2024-01-15,12:00:00,Eastern Time (US & Canada),$10.00,$0.00,$0.00,$10.00,T3,P3,Payment
2024-06-30,23:30:00,Middle Earth,$10.00,$0.00,$0.00,$10.00,T4,P4,Payment
"""


@pytest.mark.parametrize(("shop", "next_day"), [("America/New_York", {"T1"}), ("Europe/Berlin", {"T1", "T2"})])
def test_each_rows_zone_makes_its_moment_and_the_shops_zone_its_day(duckdb, raw_file, ran, shop, next_day):
    tables = ran(duckdb, raw_file(SQUARE), shop={"timezone": shop})
    rows = {row["order_id"]: row for row in tables["order_lines"]}
    zones = {"T1": "America/Los_Angeles", "T2": "America/New_York", "T3": "America/New_York", "T4": shop}
    for order_id, zone in zones.items():
        wall = datetime(2024, 1, 15, 12) if order_id == "T3" else datetime(2024, 6, 30, 23, 30)
        moment = wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
        assert rows[order_id]["ordered_at"] == moment.replace(tzinfo=None), order_id
        assert rows[order_id]["order_date"] == moment.astimezone(ZoneInfo(shop)).date(), order_id
    assert {key for key, row in rows.items() if row["order_date"] == date(2024, 7, 1)} == next_day
    assert "no time zone is called 'Middle Earth'" in tables["files"][0]["notes"]


def test_every_name_of_a_zone_leads_to_one_there_is():
    assert all(ZoneInfo(zone) for zone in NAMES.values())
    assert zone_of("Etc/UTC") == "Etc/UTC"
    assert zone_of("Eastern Time") == "America/New_York"
