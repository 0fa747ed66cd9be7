"""HubSpot's contacts, companies and deals. Ids of several contacts or companies are split by ';'."""

from keepwell.unify.formats.shape import Format, columns

_PLACE = """
street: Street Address
city: City
region: State/Region
postcode: Postal Code
country: Country/Region
channel: Original Source | Original Traffic Source
"""

DEALS = Format(
    name="hubspot deals",
    role="deals",
    title="HubSpot deals",
    vendor="hubspot",
    signatures=(("Record ID", "Deal Name", "Deal Stage", "Amount"),),
    fields=columns("""
deal_id: Record ID
deal_name: Deal Name
stage: Deal Stage
amount: Amount
date: Create Date
closed: Close Date
won: Is Closed Won | Is closed won
customer_id: Associated Contact IDs
company_id: Associated Company IDs
company: Associated Company
currency: Currency
"""),
    required=("stage",),
)

CONTACTS = Format(
    name="hubspot contacts",
    role="customers",
    title="HubSpot contacts",
    vendor="hubspot",
    signatures=(("Record ID", "Email", "Lifecycle Stage"),),
    fields=columns(
        """
customer_id: Record ID
email: Email
first_name: First Name
last_name: Last Name
phone: Phone Number
mobile: Mobile Phone Number
company: Company Name | Associated Company
company_id: Associated Company IDs
born: Date of birth
"""
        + _PLACE
    ),
    required=("customer",),
)

COMPANIES = Format(
    name="hubspot companies",
    role="customers",
    title="HubSpot companies",
    vendor="hubspot",
    signatures=(("Record ID", "Company name"),),
    fields=columns(
        """
company_id: Record ID
company: Company name
phone: Phone Number
"""
        + _PLACE
    ),
    required=("company_id",),
)
