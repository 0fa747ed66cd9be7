"""Salesforce: opportunities by the names of a report, and by those of its interface."""


def test_opportunities_are_deals(of_file):
    won, open_ = of_file("salesforce opportunities", "deals")
    assert (won["won"], won["amount"], str(won["closed"]), str(won["opened"])) == (
        True,
        800,
        "2024-03-21",
        "2024-02-01",
    )
    assert (open_["won"], open_["stage"]) == (False, "Prospecting")


def test_the_names_of_the_interface_do_as_well(raw_of, ran_together):
    text = (
        "Id,AccountId,Name,StageName,Amount,CloseDate,IsWon,IsClosed,CreatedDate\n"
        "0061,0011,Lee renewal,Signed,800.00,2024-03-21,true,true,2024-02-01T09:00:00.000+0000\n"
    )
    (deal,) = ran_together(raw_of("salesforce opportunities", lambda _: text))["deals"]
    assert (deal["name"], deal["won"], deal["amount"]) == ("Lee renewal", True, 800)
