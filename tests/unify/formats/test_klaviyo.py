"""Klaviyo: profiles with their consents, campaigns, and events, of which placed orders are sales."""

import json
from decimal import Decimal


def test_profiles_bring_people_and_consents(of_file):
    given = {(row["line"], row["channel"], row["given"]) for row in of_file("klaviyo profiles", "consents")}
    assert given == {(2, "email", True), (2, "sms", True), (3, "email", False)}


def test_a_campaigns_revenue_is_a_value_and_no_sale(of_file):
    assert [(row["kind"], row["value"]) for row in of_file("klaviyo campaigns", "events")] == [
        ("Spring", Decimal("1340.5")),
        ("Summer", 2100),
    ]


def test_a_placed_order_is_its_value_and_a_refunded_one_takes_it_back(alone):
    mug, back, tea = alone["klaviyo orders"]["order_lines"]  # lines 1, 3 and 1,000,000,001
    assert (mug["gross"], mug["discount"], tea["gross"], mug["money"] + tea["money"]) == (20, 2, 5, 23)
    assert (back["refund"], str(back["order_date"])) == (10, "2024-03-08")
    (opened,) = alone["klaviyo orders"]["events"]
    assert (opened["kind"], json.loads(opened["properties"])) == ("Opened Email", {"Campaign Name": "Spring"})


def test_events_of_the_present_interface_are_the_same(raw_of, ran_together, alone):
    def present(text):
        def turned(event):
            profile = {k.lstrip("$"): v for k, v in event["customer_properties"].items()}
            properties = {k: v for k, v in event["properties"].items() if k not in ("$value", "$event_id")}
            value = event["properties"].get("$value")
            said = {"value": value, "time": event["time"], "metric": {"name": event["event"]}, "profile": profile}
            said["unique_id"] = event["properties"].get("$event_id")
            return json.dumps({"data": {"type": "event", "attributes": said | {"properties": properties}}})

        return "\n".join(turned(json.loads(line)) for line in text.splitlines())

    tables = ran_together(raw_of("klaviyo orders", present))
    for column in ("order_id", "money", "customer_id", "ordered_at", "product_id", "line"):
        then = [row[column] for row in alone["klaviyo orders"]["order_lines"]]
        assert [row[column] for row in tables["order_lines"]] == then, column
