"""Any table of payouts, touches, feedback, events, spend, deals, returns or rates, by the names of its columns."""

from keepwell.unify.formats.generic import SALES, WHO_NAMES
from keepwell.unify.formats.shape import Format, columns, words

_DATE = " | ".join(SALES.fields["date"])
_ORDER = " | ".join(SALES.fields["order_id"])
_PRODUCT = " | ".join(SALES.fields["product_id"])
_CURRENCY = "currency: " + " | ".join(SALES.fields["currency"])
_CHANNEL = """channel: channel | marketing channel | platform | network | medium | utm medium | source | source name
| utm source | publisher | site"""
_CAMPAIGN = """campaign: campaign | campaign name | campaign id | campaign code | utm campaign | mailing | mailing name
| catalogue | catalog | newsletter name"""

PAYOUTS = Format(
    name="generic payouts",
    role="payouts",
    title="payouts with the fees taken",
    fields=columns(f"""
order_id: order | {_ORDER}
line_id: payout transaction id | balance transaction id | transaction id | payment id | id
date: {_DATE} | payout date | available on
kind: type | kind | transaction type | category
amount: amount | gross | gross amount | charge amount | transaction amount
fee: fee | fees | processing fee | transaction fee | total fees | payment fee
net: net | net amount | payout amount | amount net
{_CURRENCY}
"""),
    required=("date", "fee"),
)

TOUCHES = Format(
    name="generic touches",
    role="touches",
    title="contacts made and service given",
    fields=columns(f"""
line_id: touch id | contact event id | ticket id | ticket no | ticket number | ticket | case id | case number | call id
| visit id | interaction id | activity id | message id | id
date: contact date | contacted at | touch date | touched at | call date | visit date | ticket date | sent at | send date
| sent | mailing date | mailed at | opened at | opened | {_DATE}
kind: touch | touch type | contact type | type of contact | interaction | interaction type | activity type | activity
| ticket type | kind | type
order_id: order id | order no | order number | order key | order ref | order name | order | invoice no | bestellnummer
minutes: minutes | mins | duration minutes | duration in minutes | duration min | duration (minutes) | duration (min)
| handling minutes | minutes spent | service minutes | handling time minutes | handling time (minutes) | time spent
| handle time | duration | minuten
cost: cost | cost in money | touch cost | contact cost | mailing cost | unit cost | cost per contact | kosten
{_CHANNEL}
{_CAMPAIGN}
{_CURRENCY}
{WHO_NAMES}"""),
    required=("date", "customer"),
)

FEEDBACK = Format(
    name="generic feedback",
    role="feedback",
    title="what customers said",
    fields=columns(f"""
line_id: review id | response id | answer id | feedback id | survey id | id
date: review date | reviewed at | response date | responded at | answered at | survey date | submitted at
| submitted on | {_DATE}
kind: kind | survey type | feedback type | type | metric
score: nps | nps score | net promoter score | likelihood to recommend | csat | csat score | satisfaction
| satisfaction score | customer satisfaction | review score | star rating | review rating | rating | stars | score
| bewertung
text: review text | review body | review | review comment | comment | comments | feedback | feedback text | verbatim
| text | body | message | answer | kommentar
product_id: {_PRODUCT}
order_id: order id | order no | order number | order key | order ref | order name | order
{WHO_NAMES}"""),
    required=("date",),
)

EVENTS = Format(
    name="generic events",
    role="events",
    title="what people did on the pages",
    fields=columns(f"""
line_id: event id | message id | hit id | id
date: event time | event date | event timestamp | {_DATE}
event: event | event name | event type | action | interaction type | page event | activity
product_id: {_PRODUCT}
value: event value | value | price | unit price | amount
properties: properties | event properties | params | event params | metadata | payload
{_CURRENCY}
{WHO_NAMES}"""),
    required=("date", "event"),
)

# What such a log calls buying; its other rows are events. Where a file has the sales, all of it is events.
LOG = Format(
    name="generic event log",
    role="sales",
    title="purchases in a log of events",
    fields={**SALES.fields, "event": EVENTS.fields["event"]},
    required=("date", "customer"),
    kinds=words("""purchase | purchased | buy | bought | order | order completed | placed order | transaction
        | completed order | order placed | checkout completed | checkout complete | sale | payment"""),
    rest="generic events",
    aside="any",
)
BROWSING = words("""view | viewed | page view | page_view | pageview | product viewed | view_item | product_view | cart
    | add_to_cart | add to cart | addtocart | product added | remove_from_cart | click | visit | session_start | search
    | begin_checkout | checkout started | impression""")  # in what a log calls its rows

SPEND = Format(
    name="generic spend",
    role="spend",
    title="marketing money by channel",
    fields=columns(f"""
date: month | week | week start | week of | reporting starts | {_DATE}
amount: spend | ad spend | media spend | marketing spend | channel spend | amount spent | spent | cost | costs
| media cost | marketing cost | ad cost | campaign cost | amount spent (usd) | amount spent (eur) | amount spent (gbp)
| cost (usd) | cost (eur) | cost (gbp) | budget spent | werbekosten | ausgaben | amount
{_CHANNEL}
{_CAMPAIGN}
{_CURRENCY}
"""),
    required=("date", "amount"),
)

DEALS = Format(
    name="generic deals",
    role="deals",
    title="deals of a sales team",
    fields=columns(f"""
deal_id: deal id | opportunity id | deal no | deal number | opportunity no | opportunity number | record id | id
| deal name | opportunity name
deal_name: deal name | opportunity name | deal | opportunity | title
stage: stage | deal stage | stage name | opportunity stage | pipeline stage | sales stage | deal status
amount: amount | deal amount | deal value | opportunity amount | value | expected revenue
date: create date | created date | created at | created on | created | opened | opened at | open date | date opened
closed: close date | closed date | closed at | closed | date closed | expected close date | closing date
won: won | is won
{_CURRENCY}
{WHO_NAMES}"""),
    required=("deal_id", "stage"),
)

RETURNS = Format(
    name="generic returns",
    role="sales",
    title="goods that came back",
    fields=columns(
        """
date: return date | returned at | returned on | date returned | date of return | refund date | refunded at
quantity: return quantity | returned quantity | quantity returned | qty returned | return qty | returned units
| units returned | quantity | qty | units
amount: refund amount | return amount | returned amount | refunded amount | return value | refund value | refund
line_id: return id | return line id | refund id | rma | rma number | return number
order_id: """
        + _ORDER
        + """
product_id: """
        + _PRODUCT
        + """
description: """
        + " | ".join(SALES.fields["description"])
        + """
reason: return reason | reason | reason for return
"""
        + _CURRENCY
        + WHO_NAMES
    ),
    required=("date", "product_id", "quantity"),
    all_back=True,
)

RATES = Format(
    name="generic rates",
    role="rates",
    title="exchange rates",
    fields=columns("""
date: date | day | valid from | rate date | datum
currency: currency | from | from currency | base currency | source currency | currency code | iso code
to_currency: to | to currency | target currency | quote currency | reporting currency
rate: rate | exchange rate | fx rate | value | kurs | wechselkurs
"""),
    required=("date", "currency", "rate"),
)
ANYTHING = (DEALS, RATES, RETURNS, PAYOUTS, SPEND, FEEDBACK, TOUCHES, EVENTS, LOG)
