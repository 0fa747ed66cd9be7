"""HubSpot: contacts, companies and deals, joined by their ids."""


def test_deals_say_whether_they_were_won(of_file):
    won, lost, open_ = of_file("hubspot deals", "deals")
    assert [row["won"] for row in (won, lost, open_)] == [True, False, False]
    assert (won["name"], won["amount"], str(won["closed"])) == ("Lee: 40 mugs", 1200, "2024-03-10")
    assert (open_["amount"], open_["closed"]) == (None, None)


def test_a_deal_of_several_contacts_is_the_firsts(of_file, together):
    (ann,) = {
        p["customer_id"] for p in together["people"] if p["number"] == "101" and p["format"] == "hubspot contacts"
    }
    assert of_file("hubspot deals", "deals")[0]["customer_id"] == ann
