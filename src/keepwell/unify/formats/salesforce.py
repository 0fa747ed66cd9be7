"""Salesforce's opportunities: as a report shows them, or by the names of its interface."""

from keepwell.unify.formats.shape import Format, columns

OPPORTUNITIES = Format(
    name="salesforce opportunities",
    role="deals",
    title="Salesforce opportunities",
    vendor="salesforce",
    signatures=(
        ("Opportunity ID", "Stage"),
        ("Opportunity Name", "Account Name", "Stage"),
        ("Id", "AccountId", "StageName", "CloseDate"),
    ),
    fields=columns("""
deal_id: Opportunity ID | Id | Opportunity Name
deal_name: Opportunity Name | Name
stage: Stage | StageName
amount: Amount
date: Created Date | CreatedDate
closed: Close Date | CloseDate
won: Won | IsWon
customer_id: Contact ID | ContactId
email: Email | Contact: Email
company_id: Account ID | AccountId
company: Account Name
currency: Amount Currency | CurrencyIsoCode | Currency
"""),
    required=("stage",),
)
