"""The contract: each table's columns, types, units, meaning and rules, as data.

Stages meet only in these tables. Money is decimal(18,4) in the one reporting currency; shares are 0..1;
durations are days; a month is its first day. A rule is a boolean over one row that must be true of every
row; a null answer passes, so that a nullable column is checked only where it is filled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

import ibis
from ibis import _

if TYPE_CHECKING:
    import ibis.expr.types as ir

MONEY = "decimal(18,4)"
UNKNOWN = "unknown"  # the customer of facts that name nobody
YEAR_DAYS = 365  # days of the horizon '12m'
CALENDAR_YEAR = 365.25  # days over which a year's discount is spread
HORIZONS = {"3m": 91, "6m": 182, "12m": YEAR_DAYS}  # days; 'life' has as many as it takes

Tables = dict[str, "ir.Table"]


def money(value: Any) -> Any:  # an Ibis value in, an Ibis value out
    """Round a numeric Ibis value to the one money type.

    Through decimal(38,10), because Ibis drops a cast to a type that it believes the value has already. A sum of
    money needs no rounding, so it is cast at once: arithmetic on 38 digits takes ten times as long.
    """
    kind = value.type()
    if kind.is_decimal() and kind.scale == 4 and kind.precision == 38:
        return value.cast(MONEY)
    return value.cast("decimal(38,10)").cast(MONEY)


def counted(value: Any) -> Any:
    """Return a sum or a rank as int64: DuckDB sums in 128 bits and would write floats, Spark ranks in 32 bits."""
    return value.cast("decimal(38,0)").cast("int64")


def total(value: Any) -> Any:
    """Return a sum of money as decimal(38,4), on every engine and as written; see `money` for the way there."""
    return value.cast("decimal(38,10)").cast("decimal(38,4)")


def trimmed(text: Any) -> Any:
    """Return an Ibis text without blanks at its ends.

    Not by `strip`: what Ibis tells Spark to strip holds the letters v and f, because of their escapes.
    """
    padded = text.startswith(" ") | text.endswith(" ")
    return padded.ifelse(text.re_replace("^ +| +$", ""), text)


# What `backtest` measures, per origin, method and group of customers.
MEASURES = {
    "customers": "how many",
    "expected": "purchase days forecast for all of them together",
    "actual": "purchase days that came",
    "bias": "expected / actual - 1",
    "mae": "mean absolute error a customer",
    "rmse": "root of the mean squared error a customer",
    "crps": "mean continuous ranked probability score of the purchase days a customer",
    "crps_se": "its standard error over customers",
    "spearman": "rank correlation of forecast and outcome",
    "gini": "normalised Gini: how well the forecast ranks customers by purchase days to come, 1 as well as hindsight",
    "capture_10": "share of all purchase days to come that the tenth of customers with the highest forecast made",
    "coverage_90": "share of customers inside their 5% to 95% interval",
    **{
        f"decile_{d}_forecast": "mean forecast of this tenth of customers by forecast, 1 the lowest; 'all' only"
        for d in range(1, 11)
    },
    **{f"decile_{d}_actual": "what came of that tenth, a customer; 'all' only" for d in range(1, 11)},
    "expected_contribution": "contribution forecast for all of them together, undiscounted; group 'all' only",
    "actual_contribution": "contribution of the purchase days that came; group 'all' only",
    "champion": "1 for the model that the horizon's values are made with; 'all' of its latest origin only",
    "best": "1 for the method of lowest CRPS, baselines included; 'all' of the horizon's latest origin only",
    "won_by": "share by which the champion's mean CRPS lies below the best baseline's, over all origins; there",
    "won_by_se": "its standard error; there",
    **{f"pit_{d}": f"share of the probability integral transform in decile {d + 1}" for d in range(10)},
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its Ibis type (a leading '!' forbids nulls) and its meaning, with the unit."""

    dtype: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Contract:
    """What a table holds: its key, its columns and the rules that each row keeps."""

    title: str
    key: tuple[str, ...]
    columns: Mapping[str, Column]
    rules: Mapping[str, Any] = field(default_factory=dict)

    @property
    def schema(self) -> ibis.Schema:
        """The Ibis schema, in the order of the columns."""
        return ibis.schema({name: column.dtype for name, column in self.columns.items()})


def _columns(text: str) -> dict[str, Column]:
    """Read 'name type meaning' lines; 'money' stands for the money type."""
    columns = {}
    for line in filter(str.strip, text.splitlines()):
        name, dtype, meaning = line.strip().split(None, 2)
        columns[name] = Column(dtype.replace("money", MONEY), meaning)
    return columns


LEDGER_IN = ("gross", "discounts", "shipping_charged", "tax", "other", "refunds")
# What comes off: contribution 1 is left after the first line, 2 after the second, 3 (`contribution`) after the third.
LEDGER_COSTS = (
    ("product_cost",),
    ("fulfilment", "payment_fees", "returns_handling"),
    ("service", "marketing", "acquisition"),
)
LEDGER_OUT = tuple(name for step in LEDGER_COSTS for name in step)
LEDGER_LINES = (*LEDGER_IN, *LEDGER_OUT)

_PROFIT_AND_LOSS = """
    gross             !money  value of products sold, before discounts, without tax charged on top
    discounts         !money  given to the customer
    shipping_charged  !money  paid by the customer for delivery
    tax               !money  taken for the state; no part of contribution
    other             !money  what is no product, no delivery and no tax: fees, adjustments, unexplained differences
    refunds           !money  given back, cancellations included
    product_cost      !money  of what was sold and kept
    fulfilment        !money  picking, packing, postage we pay
    payment_fees      !money  taken by banks and payment services
    returns_handling  !money  work on what comes back
    service           !money  minutes of people who helped: tickets, calls, visits
    marketing         !money  contacts made; in the ledger only, an order bears none
    acquisition       !money  spent on winning the customer; in the ledger only, in the month of the first order
    contribution_1    !money  gross - discounts + shipping_charged + other - refunds - product_cost
    contribution_2    !money  contribution_1 - fulfilment - payment_fees - returns_handling
    contribution      !money  contribution 3: contribution_2 - service - marketing - acquisition
    assumed_sales     !money  net product sales whose cost is the assumed margin's, not a measured one
"""
_PROFIT_RULES = {
    "contribution 1 is its parts": _.contribution_1
    == _.gross - _.discounts + _.shipping_charged + _.other - _.refunds - _.product_cost,
    "contribution 2 is its parts": _.contribution_2
    == _.contribution_1 - _.fulfilment - _.payment_fees - _.returns_handling,
    "contribution is its parts": _.contribution == _.contribution_2 - _.service - _.marketing - _.acquisition,
}

# Where a fact about somebody stands, and whom it is about.
OF_SOMEBODY = """
    file          !string   digest of the file
    line          !int64    physical line in it
    customer_id   !string   the customer; 'unknown' where the row names nobody
"""

# Who a record speaks of, as its source tells it.
IDENTITY = """
    number        string   the customer number in its source's own count
    email         string   lower case
    phone         string   E.164, e.g. +441632960123; as written where it cannot be read so
    name          string   whole name
    first_name    string   as told
    last_name     string   as told
    company       string   as told
    street        string   with the house number
    city          string   as told
    postcode      string   as told
    region        string   state or province
    country       string   as told
    born          date     day of birth
"""

CONTRACTS: dict[str, Contract] = {
    "files": Contract(
        "Every file read, how it was read, and where its rows and money went",
        ("file",),
        _columns("""
            file              !string  digest of its content
            name              !string  its name as given
            source            !string  the source it belongs to
            format            !string  the format it was recognised as
            rows              !int64   records in it, the header apart
            facts             !int64   rows that became facts
            quarantined       !int64   rows in quarantine
            duplicates        !int64   rows that other files of the source hold already
            money_in          !decimal(38,4)  money of all rows whose amount could be read
            money_facts       !decimal(38,4)  of it, in facts
            money_quarantined !decimal(38,4)  of it, in quarantine
            money_duplicates  !decimal(38,4)  of it, in duplicates
            unknown_money     !int64   rows whose amount could not be read
            mapping           !string  JSON: field -> column as chosen
            notes             !string  JSON: list of what was assumed in reading it, with its switch
        """),
        {
            "every row ends in one place": _.rows == _.facts + _.quarantined + _.duplicates,
            "all money ends in one place": _.money_in == _.money_facts + _.money_quarantined + _.money_duplicates,
        },
    ),
    "order_lines": Contract(
        "One row per sales row of a source file, with the money that row carries",
        ("file", "line"),
        _columns("""
            file          !string  digest of the file
            line          !int64   physical line in it (row in a sheet or a Parquet file)
            source        !string  the source the file belongs to
            order_id      !string  the order; made from customer and day where the file has none
            customer_id   !string  the customer; 'unknown' where the row names nobody
            record_id     string   the record of the person that the row names, see `people`; null where it names nobody
            ordered_at    !timestamp  when it happened, UTC
            order_date    !date    the shop's day of it
            product_id    string   product code
            description   string   product text
            quantity      decimal(18,4)  units; negative on a cancellation
            gross         !money   value of the line before discounts; 0 on a line that takes money back
            discount      !money   taken off; on an order's first line also the order's own discount
            shipping      !money   delivery charged, on an order's first line
            tax           !money   tax, on top of the prices or taken out of them; less what refunds gave back of it
            other         !money   what the order's total holds and its parts do not explain, and tips
            refund        !money   given back by this row, tax apart
            money         !money   gross - discount + shipping + tax + other - refund
            product_cost  money    cost of the line's goods, signed like quantity; null where not known
            payment_fee   money    fee on the order, on its first line; null where not known
            currency      string   currency the row came in
            rate          decimal(18,8)  its worth in the reporting currency on that day; 1 where it is the same
            source_money  money    the row's money in its own currency
            status        !string  'ok', or 'void' for an order that was never paid or was cancelled whole
            refund_date_assumed !boolean  the file dates no refund, so it stands in the order's month
            country       string   country of the buyer
            channel       string   where the order came from
            weight        money    of the line, kilograms; null where not known
            rush          boolean  it was to be sent quickly; null where not known
        """),
        {
            "money is its parts": _.money == _.gross - _.discount + _.shipping + _.tax + _.other - _.refund,
            "gross and refund are not negative": (_.gross >= 0) & (_.refund >= 0),
        },
    ),
    "products": Contract(
        "One row per product",
        ("product_id",),
        _columns("""
            product_id  !string  product code
            name        string   its text
            category    string   its group
            price       money    list price, a unit
            cost        money    what a unit costs us
        """),
    ),
    "customers": Contract(
        "One row per customer, the unknown one included where rows name nobody",
        ("customer_id",),
        _columns("""
            customer_id   !string  digest of the key of their earliest record; it stays when others join it
            customer_key  !string  the shop's own key: number, code or e-mail
            name          string   of the golden record, as all of these: see `identity.survivorship`
            email         string   likewise
            phone         string   likewise
            street        string   likewise
            city          string   likewise
            postcode      string   likewise
            country       string   likewise
            company       string   likewise
            channel       string   of the first order
            household_id  string   those who live at one address; null where alone or not known
            account_id    string   the company they belong to; null where none
            people        !int64   different records that were found to be them
            records       !int64   rows that speak of them
            first_seen    date     first dated row
            last_seen     date     last dated row
        """),
    ),
    "people": Contract(
        "One row per different record of a person in a source, and the customer it was found to be",
        ("record_id",),
        _columns(
            """
            record_id     !string   digest of source and content
            customer_id   !string   whose it is
            own_id        !string   digest of its own key: the customer it would be alone
            source        !string   where it came from
            format        !string   the format of its file
            file          !string   where it stands first
            line          !int64    the line
            arrived       !timestamp  when it first came in, UTC
            seen          date      last day on which a row carried it; null where undated
            rows          !int64    rows that carry it
            """
            + IDENTITY
        ),
    ),
    "merges": Contract(
        "Pairs of records that were taken, or might be taken, for one person, with the evidence",
        ("left_record", "right_record", "kind"),
        _columns("""
            left_record   !string   the elder record
            right_record  !string   the younger
            kind          !string   'number', 'email', 'phone', 'matched' or 'decided'
            state         !string   'merged', 'proposed' (for review), 'refused' or 'never'
            probability   float64   that they are one person; null where a key or a person decided
            bits          float64   weight of the evidence, log2 of the odds it adds; null likewise
            evidence      !string   JSON: list of {"what", "left", "right", "bits"}, prior first
        """),
    ),
    "aliases": Contract(
        "Ids that records would have had alone, and the customer they became",
        ("alias",),
        _columns("""
            alias         !string  former id
            customer_id   !string  the elder id, which lives
        """),
    ),
    "groups": Contract(
        "Households and companies above the customers",
        ("group_id",),
        _columns("""
            group_id      !string  digest of the address, or of the company
            kind          !string  'household' or 'account'
            name          string   surname and street, or the company
            customers     !int64   who belong to it
        """),
    ),
    "consents": Contract(
        "Every yes and no that a person gave, in the order of time",
        ("file", "line", "channel"),
        _columns(
            OF_SOMEBODY
            + """
            channel       !string   'email', 'sms', 'phone', 'post' or 'all'
            given         !boolean  yes or no
            at            timestamp  when, UTC; null where the file does not say
        """
        ),
    ),
    "touches": Contract(
        "Every contact we made and every service we gave",
        ("file", "line"),
        _columns(
            OF_SOMEBODY
            + """
            at            !timestamp  when, UTC
            date          !date     the shop's day of it
            kind          !string   'ticket', 'call', 'visit', 'email', 'mail', 'catalogue'...: lower case, as told
            channel       string    as told
            campaign      string    as told
            order_id      string    the order it is about
            minutes       decimal(18,4)  of our people; null: the cost model's minutes for this kind
            cost          money     paid for it in money; null: the cost model's cost for this kind
        """
        ),
    ),
    "feedback": Contract(
        "What customers said of us",
        ("file", "line"),
        _columns(
            OF_SOMEBODY
            + """
            at            !timestamp  when, UTC
            date          !date     the shop's day of it
            kind          !string   'nps', 'csat', 'rating' or 'review'
            score         decimal(18,4)  as given; null where there are words only
            text          string    as written
            product_id    string    what it is about
            order_id      string    what it is about
        """
        ),
    ),
    "events": Contract(
        "What people did on our pages: visits, views, carts",
        ("file", "line"),
        _columns(
            OF_SOMEBODY
            + """
            at            !timestamp  when, UTC
            date          !date     the shop's day of it
            kind          !string   the event's name, e.g. 'Product Viewed'
            product_id    string    what it is about
            value         money     money it names; no sale
            properties    string    JSON: the rest
        """
        ),
    ),
    "spend": Contract(
        "Marketing money by day, channel and campaign",
        ("file", "line"),
        _columns("""
            file          !string   digest of the file
            line          !int64    physical line in it
            date          !date     the day, or the first of the month it is for
            channel       string    as told
            campaign      string    as told
            amount        !money    spent, in the reporting currency
        """),
    ),
    "payouts": Contract(
        "What payment services took from each payment",
        ("file", "line"),
        _columns("""
            file          !string   digest of the file
            line          !int64    physical line in it
            order_id      string    the order paid; null where the row is about none
            date          !date     the shop's day of it
            kind          !string   'charge', 'refund', 'adjustment'...: lower case, as told
            amount        !money    moved
            fee           !money    taken
        """),
    ),
    "deals": Contract(
        "What sales people hope for or have won",
        ("file", "line"),
        _columns("""
            file          !string   digest of the file
            line          !int64    physical line in it
            deal_id       !string   as the source names it
            customer_id   !string   the customer; 'unknown' where the row names nobody
            name          string    as told
            stage         !string   as told
            amount        money     as told, in the reporting currency
            opened        date      first day
            closed        date      last day; null: open
            won           !boolean  it became a sale
        """),
    ),
    "quarantine": Contract(
        "Rows that could not be used, each with its reason",
        ("file", "line"),
        _columns("""
            file    !string  digest of the file
            line    !int64   physical line
            column  string   the column at fault; null where the whole line is
            value   string   what stands there, its first 200 characters
            reason  !string  what is wrong with it
            money   money    the row's money; null where it could not be read
        """),
    ),
    "duplicates": Contract(
        "Rows that another file of the same source holds already",
        ("file", "line"),
        _columns("""
            file     !string  digest of the file
            line     !int64   physical line
            of_file  !string  the file that holds it
            money    !money   the row's money
        """),
    ),
    "line_rules": Contract(
        "What the rules on lines that are no product caught",
        ("rule", "ledger_line", "product_id", "description"),
        _columns("""
            rule         !string  name of the rule
            ledger_line  !string  where the money went
            product_id   string   product code caught
            description  string   its text
            lines        !int64   how many lines
            money        !decimal(38,4)  their money
        """),
    ),
    "cancellations": Contract(
        "Lines that take a sale back, and the sale they were matched with",
        ("file", "line"),
        _columns("""
            file         !string  digest of the file
            line         !int64   physical line of the cancellation
            order_id     !string  its document
            customer_id  !string  the customer
            order_date   !date    when
            amount       !money   money taken back
            of_file      string   file of the sale it undoes; null: none was found and it stands as a refund
            of_line      int64    line of that sale; of several, the one of most units
            units        !money   units taken back
            units_found  !money   of them, found in earlier sales
            sales        !int64   sales they were found in
            how          !string  how it was found ('whole line', 'several sales'...), or why not ('no earlier sale'...)
        """),
        {"no more is found than was taken back": _.units_found <= _.units},
    ),
    "order_contribution": Contract(
        "One row per order: its profit and loss",
        ("order_id",),
        _columns(
            """
            order_id      !string   the order, or the cancelling document
            customer_id   !string   the customer
            order_date    !date     the shop's day of it
            month         !date     first day of its month
            purchase      !boolean  a purchase occasion: something was bought, and not all of it was undone
            """
            + _PROFIT_AND_LOSS
        ),
        _PROFIT_RULES,
    ),
    "ledger": Contract(
        "Profit and loss per customer and month",
        ("customer_id", "month"),
        _columns(
            """
            customer_id   !string  the customer; 'unknown' where rows name nobody
            month         !date    first day of the month
            orders        !int64   purchase occasions' documents in it
            """
            + _PROFIT_AND_LOSS
        ),
        _PROFIT_RULES,
    ),
    "costs": Contract(
        "The cost model, month by month: what each resource cost, which work drew on it, what nobody used",
        ("resource", "activity", "month"),
        _columns("""
            resource      !string  a department, a machine, a service
            activity      !string  the work; '' for the resource as a whole
            month         !date    first day of the month
            times         !int64   how often the work was done; 0 for the whole
            minutes       !decimal(38,4)  worked; for the whole the practical minutes
            rate          !decimal(18,8)  cost of one minute
            cost          !decimal(38,4)  of these minutes; for the whole, of the resource
            customers     !decimal(38,4)  of it, borne by customers
            nobody        !decimal(38,4)  of it, work for nobody that is known
            unused        !decimal(38,4)  of it, minutes nobody used; below 0 where more was worked than practical
        """),
        {"all cost goes somewhere": _.cost == _.customers + _.nobody + _.unused},
    ),
    "unassigned": Contract(
        "Cost that no customer bears, shown and not spread",
        ("month", "ledger_line", "reason", "subject"),
        _columns("""
            month         !date    first day of the month
            ledger_line   !string  where it would have stood: 'fulfilment', 'service', 'marketing', 'acquisition'...
            reason        !string  'unused capacity', 'rounding', 'won nobody'...
            subject       !string  the resource, the channel, the kind of contact
            amount        !decimal(38,4)  in the reporting currency
        """),
    ),
    "product_contribution": Contract(
        "Profit and loss per product and month, down to contribution 1",
        ("product_id", "month"),
        _columns("""
            product_id    !string  product code; '' where rows name none
            month         !date    first day of the month
            name          string   its text
            category      string   its group
            units         decimal(38,4)  sold less taken back
            lines         !int64   rows
            gross         !decimal(38,4)  as in the ledger, as all of these
            discounts     !decimal(38,4)  on its lines; an order's own discount by the lines' value
            refunds       !decimal(38,4)  given back
            product_cost  !decimal(38,4)  of what was sold and kept
            contribution_1 !decimal(38,4)  gross - discounts - refunds - product_cost
        """),
    ),
    "loss_makers": Contract(
        "Customers who cost more than they brought, each with the main reason",
        ("customer_id",),
        _columns("""
            customer_id   !string  the customer
            contribution  !money   all of it so far, below 0
            reason        !string  'returns', 'discounts', 'small orders', 'service'...: see docs/report.md
            excess        !money   what that line cost beyond what an average customer of their sales costs
            words         !string  the same in a sentence
        """),
    ),
    "trends": Contract(
        "Where each customer's contribution is heading",
        ("customer_id",),
        _columns("""
            customer_id   !string  the customer
            recent        !money   contribution of the last 12 months, acquisition left out as in all of these
            before        !money   contribution of the 12 months before; 0 where they were no customer yet
            slope         float64  change a year of yearly contribution, robust; null with too few months
            turn          !string  'new', 'growing', 'steady', 'fading', 'newly unprofitable', 'recovered' or 'gone'
            turned        date     month of the turning point, for 'gone' of the last order; null where there is none
        """),
    ),
    "cohorts": Contract(
        "Customers by the month of their first purchase, month after month",
        ("cohort", "channel", "age"),
        _columns("""
            cohort        !date    first month
            channel       !string  of the first order; 'all' for all of them, '' where not known
            age           !int64   whole months since the first, from 0
            customers     !int64   of the cohort
            active        !int64   of them, who bought in that month
            returned      !int64   of them, who had bought again by the end of that month
            orders        !int64   purchases in that month
            contribution  !decimal(38,4)  in that month, acquisition left out
        """),
    ),
    "acquisition": Contract(
        "What winning customers cost and when it came back, by channel and cohort",
        ("cohort", "channel"),
        _columns("""
            cohort        !date    first month
            channel       !string  of the first order
            customers     !int64   won
            spend         !decimal(38,4)  on the channel in that month
            cost          float64  of winning one: spend / customers; null where nobody was won
            contribution  !decimal(38,4)  of them so far, acquisition left out
            payback       int64    whole months until contribution reached spend; null: not yet
        """),
    ),
    "whale": Contract(
        "Customers from the most to the least profitable, and the profit they add up to",
        ("customers",),
        _columns("""
            customers           !int64    the best so many customers
            customers_share     !float64  of all known customers, 0..1
            contribution        !decimal(38,4)  they earned together
            contribution_share  float64   of all contribution; may pass 1; null where the whole is not above 0
        """),
    ),
    "history": Contract(
        "What each customer with at least one purchase did: what the models read",
        ("customer_id",),
        _columns("""
            customer_id         !string   the customer
            first_date          !date     first day with a purchase
            last_date           !date     last day with a purchase
            repeats             !int64    days with a purchase after the first
            recency             !int64    days from the first to the last purchase
            age                 !int64    days from the first purchase to the last day observed
            first_contribution  !float64  of the first purchase day, refunds of it included
            repeat_sum          !float64  contribution of the later purchase days together
            repeat_sum_squares  !float64  sum of their squares
        """),
        {
            "recency within age": (_.recency >= 0) & (_.recency <= _.age),
            "repeats need days": _.repeats <= _.recency,
        },
    ),
    "fits": Contract(
        "The fitted models",
        ("model", "origin", "parameter"),
        _columns("""
            model        !string   its name
            origin       !date     last day it was fitted on
            parameter    !string   parameter, or 'log_likelihood', 'customers', 'cells', 'pareto_k'
            estimate     !float64  time in days, money in the reporting currency
            sd           float64   of the estimate, of its posterior; null where it has none
            lower        float64   5% of the posterior; null where it has none
            upper        float64   95% of it
            diagnostics  !string   how the fit ended
        """),
    ),
    "backtest": Contract(
        "How the same methods would have forecast the past",
        ("origin", "horizon", "method", "group", "measure"),
        _columns("""
            origin   !date     the forecast was made with what was known on this day
            horizon  !int64    days forecast
            method   !string   model or baseline
            group    !string   'all', or the customers by repeats: '0', '1', '2-4', '5+'
            measure  !string   see `MEASURES`
            value    !float64  its value
        """),
    ),
    "warnings": Contract(
        "Where the forecasts cannot bear weight, in plain words",
        ("kind", "subject"),
        _columns("""
            kind     !string  'too few', 'too short', 'flat fit', 'correlated spend', 'odd cohort', 'coverage'...
            subject  !string  what it is about: a model, a cohort, a horizon; 'all'
            words    !string  what is wrong, what follows from it, and what would mend it
            number   float64  the measure behind it; null where there is none
        """),
    ),
    "boosted": Contract(
        "The boosted challenger as trained, so that a customer's forecast can be taken apart later",
        ("name",),
        _columns("""
            name      !string  what it forecasts
            origin    !date    last day known to its features when it forecast
            features  !string  JSON: the features' names, in order
            model     !string  LightGBM's own text form
        """),
    ),
    "subscriptions": Contract(
        "One row per subscription: since when, until when, for how much",
        ("subscription_id",),
        _columns("""
            subscription_id  !string  as the source names it
            customer_id      !string  the customer
            started          !date    first day
            ended            date     last day; null: it runs
            period           !string  'day', 'week', 'month' or 'year': how often it is paid
            price            money    paid a period, in the reporting currency; null where not known
            plan             string   its name
            reason           string   why it ended, as told
        """),
        {"it ends after it starts": _.started <= _.ended},
    ),
    "forecast_path": Contract(
        "Orders by period as forecast at an origin, beside what came",
        ("origin", "period"),
        _columns("""
            origin    !date     the forecast was made on this day
            period    !date     last day of the period
            expected  !float64  purchase days of all customers in it
            lower     !float64  5% of the predictive distribution
            upper     !float64  95% of it
            actual    float64   what came; null in the future
        """),
    ),
    "values": Contract(
        "What each customer will earn us, per horizon",
        ("customer_id", "horizon"),
        _columns("""
            customer_id            !string   the customer
            horizon                !string   '3m', '6m', '12m' or 'life'
            p_active               !float64  chance of still being a customer
            expected_orders        !float64  purchase days in the horizon
            expected_contribution  !float64  discounted, signed, before the cost of future contact
            q05                    !float64  quantiles of the predictive distribution of the contribution
            q10                    !float64  10%
            q25                    !float64  25%
            q50                    !float64  50%
            q75                    !float64  75%
            q90                    !float64  90%
            q95                    !float64  95%
            p_zero                 !float64  chance of no order in the horizon
            sd_mean                !float64  sd of expected_contribution, from what is not known of the parameters
            next_order             date      day by which the next order is as likely as not; null: no such day
            p_order_30             !float64  chance of an order within 30 days; in each horizon's row the same
            p_order_60             !float64  within 60 days
            p_order_90             !float64  within 90 days
            p_leave                float64   chance that a subscription ends within the horizon; null: has none
            spend                  !float64  expected contribution of one order, shrunk
            spend_weight           !float64  weight of the customer's own orders in it, 0..1
            basis                  !string   the models, in words
        """),
        {
            "quantiles rise": (_.q05 <= _.q50) & (_.q50 <= _.q95),
            "chances are chances": _.p_active.between(0, 1) & _.p_zero.between(0, 1) & _.p_leave.between(0, 1),
            "more time, more chance": (_.p_order_30 <= _.p_order_60) & (_.p_order_60 <= _.p_order_90),
            "money is a number": ~(_.expected_contribution.isnan() | _.sd_mean.isnan() | _.spend.isnan()),
        },
    ),
    "equity": Contract(
        "What all customers together will earn us, per horizon",
        ("horizon",),
        _columns("""
            horizon   !string   '3m', '6m', '12m' or 'life'
            expected  !float64  sum of the customers' expected contribution
            lower     !float64  5%
            upper     !float64  95%
            origins   !int64    origins of the backtest that the shared doubt was measured on
            basis     !string   where the width comes from, in words
        """),
        {"the interval holds its middle": (_.lower <= _.expected) & (_.expected <= _.upper)},
    ),
    "segments": Contract(
        "The segments of each customer with a purchase, one scheme a row",
        ("customer_id", "scheme"),
        _columns("""
            customer_id  !string  the customer
            scheme       !string  'rfm', 'tier' or 'kind'
            segment      !string  its name
        """),
    ),
    "segment_profiles": Contract(
        "Each segment in numbers",
        ("scheme", "segment"),
        _columns("""
            scheme              !string   'rfm', 'tier' or 'kind'
            segment             !string   its name
            customers           !int64    in it
            customers_share     !float64  of all with a purchase
            contribution        !decimal(38,4)  earned so far
            contribution_share  float64   of all; null where the whole is not above 0
            expected            !float64  contribution of the next 12 months
            expected_share      float64   of all; null where the whole is not above 0
            p_active            !float64  mean chance of being active
            orders              !float64  mean purchase days so far
        """),
    ),
    "plan": Contract(
        "One verdict per customer on the contact programme",
        ("customer_id",),
        _columns("""
            customer_id   !string   the customer
            action        !string   'keep' or 'stop'
            verdict       !string   'keep', 'stop', or 'unsure' where the assumed range does not decide
            break_even    float64   share of expected contribution that contact must cause; null: none can pay
            gain          !float64  expected contribution that contact causes, less its cost, 12 months
            gain_lower    !float64  at the lowest share assumed
            gain_upper    !float64  at the highest share assumed
            cost          !float64  of the contacts, 12 months, discounted
            pays_back     !float64  chance that contact pays back on this person
            right         !float64  chance that the action is right, over what is not known of the effect and the mean
            evidence      !string   'measured' or 'assumed'
            reason        !string   in words
        """),
    ),
    "break_even": Contract(
        "Keep-or-stop over the share of orders that contact causes",
        ("share",),
        _columns("""
            share         !float64  of expected contribution caused by contact
            stopped       !int64    customers on whom contact does not pay at that share
            saves         !float64  contact cost not spent less contribution given up, 12 months
            highest_cost  !float64  highest yearly contact cost at which half of the customers still pay
        """),
    ),
}


def checked(name: str, table: ir.Table) -> ir.Table:
    """Return `table` with exactly the contract's columns, in order and type.

    Raises:
        KeyError: A column is missing, or the contract is unknown.
    """
    schema = CONTRACTS[name].schema
    missing = set(schema.names) - set(table.columns)
    if missing:
        msg = f"table {name!r} lacks {sorted(missing)}; it has {list(table.columns)}"
        raise KeyError(msg)
    return table.select(**{c: _typed(table[c], t) for c, t in schema.items()})


def _typed(value: Any, dtype: Any) -> Any:
    """Cast where the types differ in more than nullability."""
    return (
        value
        if value.type().copy(nullable=True) == dtype.copy(nullable=True)
        else value.cast(dtype.copy(nullable=True))
    )


def offences(name: str, table: ir.Table) -> ir.Table:
    """Return one row that counts, per rule of the contract, the rows that break it.

    Columns: `rows`, then one int64 per rule, nulls in columns that forbid them included. All zeros but `rows` is good.
    """
    contract = CONTRACTS[name]
    broken = {rule: ~check.resolve(table) for rule, check in contract.rules.items()}
    filled = [table[c].isnull() for c, t in contract.schema.items() if not t.nullable]
    if filled:
        broken["required columns are filled"] = reduce(or_, filled)
    counts = {rule: bad.cast("int64").fill_null(0).sum().fill_null(0) for rule, bad in broken.items()}
    return table.aggregate(rows=table.count(), **counts)
