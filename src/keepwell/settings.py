"""keepwell.toml, typed and checked: what a run assumes, costs, reads and computes with.

Every number that is not measured stands here with its default, its meaning and how to change it.
A field's `description` is what `keepwell init` writes above it and what a run prints beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from keepwell.errors import ConfigError

Share = Annotated[float, Field(ge=0, le=1)]
Money = Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=4)]


class Section(BaseModel):
    """A table of keepwell.toml: unknown names are errors, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Shop(Section):
    """Who the shop is."""

    name: str = Field("", description="Shown as the title of the report; empty: the workspace's name.")
    currency: str = Field("", description="Reporting currency, e.g. 'EUR'; empty: the only one in the files.")
    timezone: str = Field("UTC", description="Days and months are of this time zone, e.g. 'Europe/London'.")


class Assumptions(Section):
    """What is assumed where nothing was measured."""

    margin: Share = Field(0.30, description="Share of net sales left after product cost, where no cost is known.")
    margin_low: Share = Field(0.20, description="Lowest margin thought possible; carried into the intervals.")
    margin_high: Share = Field(0.40, description="Highest margin thought possible; carried into the intervals.")
    discount_rate: float = Field(0.10, ge=0, le=5, description="A year's discount on future money (0.10 = 10%).")
    contact_share: Share = Field(0.20, description="Share of expected orders that contact causes.")
    contact_share_low: Share = Field(0.05, description="Lowest such share thought possible.")
    contact_share_high: Share = Field(0.40, description="Highest such share thought possible.")

    @model_validator(mode="after")
    def _ranges_hold_their_middle(self) -> Self:
        for name in ("margin", "contact_share"):
            low, middle, high = (getattr(self, name + end) for end in ("_low", "", "_high"))
            if not low <= middle <= high:
                msg = f"{name} {middle} lies outside its range {low} to {high}; set {name}_low and {name}_high too"
                raise ValueError(msg)
        return self


LedgerCost = Literal["fulfilment", "returns_handling", "service", "marketing"]


class Resource(Section):
    """People or machines: what they cost a month and how many minutes of it they can practically work."""

    name: str = Field(description="E.g. 'warehouse'.")
    cost: Money = Field(description="Cost a month, in the reporting currency.")
    minutes: float = Field(gt=0, description="Practical minutes a month: about 80% of those paid for.")
    first: date | None = Field(None, description="First month it counts for; empty: from the first order or contact.")
    last: date | None = Field(None, description="Last month; empty: to the last day.")


class Activity(Section):
    """Work: who does it, what calls for it, how long it takes."""

    name: str = Field(description="E.g. 'pick and pack'.")
    resource: str = Field(description="Name of the resource that does it.")
    per: str = Field(
        "order",
        description="What calls for it: 'order', 'line', 'return' (an order with goods taken back), 'first order', "
        "or 'touch KIND' for a kind of contact ('touch ticket').",
    )
    minutes: str | float = Field(
        description="Minutes each time, or a formula of lines, units, weight, value, rush, country, minutes."
    )
    ledger: LedgerCost = Field("fulfilment", description="The ledger's line it stands in.")


class Costs(Section):
    """What an order costs besides its products, and what people and contacts cost, in the reporting currency."""

    resources: tuple[Resource, ...] = Field((), description="People and machines with cost and practical minutes.")
    activities: tuple[Activity, ...] = Field((), description="Work with its minutes.")
    touches: dict[str, Money] = Field(
        default_factory=dict, description="Cost in money of one contact by kind, where a file does not say: mail = 0.8."
    )
    return_per_order: Money = Field(Decimal(0), description="Handling and postage of a return, an order taken back.")
    fulfilment_per_order: Money = Field(Decimal(0), description="Picking, packing and postage we pay, an order.")
    payment_fee_rate: Share = Field(0.0, description="Payment fee as a share of the money taken.")
    payment_fee_fixed: Money = Field(Decimal(0), description="Fixed payment fee, an order.")


class Contact(Section):
    """The contact programme that keep-or-stop judges."""

    cost: Money | None = Field(None, description="Cost of one contact (a catalogue, a call); empty: no stop list.")
    per_year: float = Field(4.0, gt=0, le=366, description="Contacts a customer gets a year.")


class LineRule(Section):
    """Tells lines that are no product by words and shapes, and names their ledger line."""

    name: str = Field(description="What the lines are, e.g. 'postage'.")
    ledger: Literal["shipping_charged", "discounts", "tax", "other", "gross"] = Field(description="Their ledger line.")
    product_id: str = Field("", description="Regular expression that the whole product code must match, any case.")
    words: str = Field("", description="Regular expression to be found in the description, any case.")

    @model_validator(mode="after")
    def _has_a_pattern(self) -> Self:
        if not (self.product_id or self.words):
            msg = f"line rule {self.name!r} has neither product_id nor words"
            raise ValueError(msg)
        return self


# A product code is a product until its words say otherwise: patterns match whole codes and whole texts, so that
# "FRENCH CARRIAGE LANTERN" and "GIFT CARD HOLDER" stay products.
NO_PRODUCT = (
    LineRule(
        name="postage",
        ledger="shipping_charged",
        product_id=r"POST(AGE)?|DOT|C2|SHIP(PING)?|DELIVERY|FREIGHT|CARRIAGE",
    ),
    LineRule(
        name="postage",
        ledger="shipping_charged",
        words=r"^((dotcom|uk|international|standard|express|priority|free|(next|same) day) )*"
        r"(postage|carriage|shipping|delivery|freight)( (and|&) (packing|packaging|handling))?( (charge|fee|cost)s?)?$",
    ),
    LineRule(
        name="postage", ledger="shipping_charged", words=r"^((packing|packaging|handling) (charge|fee|cost)s?|p ?& ?p)$"
    ),
    LineRule(name="discount", ledger="discounts", product_id=r"D|DISC(OUNT)?|COUPON"),
    LineRule(name="discount", ledger="discounts", words=r"^((trade|staff|loyalty|order|volume) )?(discount|coupon)s?$"),
    LineRule(name="fee", ledger="other", product_id=r"BANK CHARGES|AMAZONFEE|CRUK|FEES?"),
    LineRule(
        name="fee",
        ledger="other",
        words=r"^(bank charges?|(amazon|booking|service|payment|transaction) fees?|(.* )?commission)$",
    ),
    LineRule(name="adjustment", ledger="other", product_id=r"M|B|ADJ(UST(MENT)?)?\d*|PADS"),
    LineRule(name="adjustment", ledger="other", words=r"^(manual|adjust(ment)?s?( .*)?|pads to match all cushions)$"),
    LineRule(name="sample", ledger="other", product_id=r"S|SAMPLES?"),
    LineRule(name="sample", ledger="other", words=r"^samples?$"),
    LineRule(name="test", ledger="other", product_id=r"TEST\d*"),
    LineRule(
        name="gift card", ledger="other", product_id=r"GIFT_\d+(_\d+)?|(.*[^a-z])?GIFT.?(CARD|VOUCHER)([^a-z].*)?"
    ),
    LineRule(
        name="gift card", ledger="other", words=r"(^|[^a-z])gift ?(card|voucher|certificate)s?( [^a-z ]?[0-9.,]+)?$"
    ),
)


class Lines(Section):
    """Lines that are no product."""

    rules: tuple[LineRule, ...] = Field(NO_PRODUCT, description="The first rule that matches a line decides.")


class Reading(Section):
    """How files are read where nothing in them decides."""

    columns: dict[str, str] = Field(default_factory=dict, description="column = field, as --map gives it.")
    date_order: Literal["", "dmy", "mdy", "ymd"] = Field(
        "", description="Order of day and month; empty: from the column."
    )
    decimal: Literal["", ".", ","] = Field("", description="Decimal sign; empty: from the column.")
    encoding: str = Field("", description="Text encoding; empty: found out.")
    delimiter: str = Field("", description="Column delimiter; empty: found out.")
    quarantine_limit: Share = Field(0.05, description="A run with more rows in quarantine does not become current.")


class Facts(Section):
    """What counts as what, where businesses differ."""

    refund_month: Literal["refund", "sale"] = Field(
        "refund", description="Month a refund is booked in: that of the refund, or of the sale it belongs to."
    )
    tax: Literal["", "inside", "on top"] = Field(
        "", description="Whether prices hold the tax; empty: from each order's total, else as the format says."
    )
    tax_rate: Share = Field(
        0.0, description="Tax inside prices, as a share of the price without it, if not in the file."
    )
    gift_cards: Literal["other", "sale"] = Field(
        "other", description="A gift card sold is money owed, no sale ('other'), or a sale."
    )
    test_orders: Literal["void", "keep"] = Field("void", description="Orders marked as tests bring no money, or do.")
    deals: Literal["auto", "sales", "facts"] = Field(
        "auto", description="Won deals are sales, or only facts; auto: sales where no other file has any."
    )
    unpaid: Literal["sales", "void"] = Field(
        "sales", description="Orders not paid yet, where a format tells them from those never paid: sales, or void."
    )
    rate_days: int = Field(
        0, ge=0, le=366, description="Days that a currency's rate holds where later days have none; 0: its own only."
    )


class Identity(Section):
    """Who is one person."""

    match: bool = Field(
        default=True, description="Match by name, address, e-mail and phone too, besides equal customer numbers."
    )
    merge_above: Share = Field(0.99, description="Records more probably of one person than this are merged.")
    review_above: Share = Field(0.80, description="Those between this and merge_above are proposed for review.")
    phone_country: str = Field(
        "", pattern="^([A-Z]{2})?$", description="Country of phone numbers without one, e.g. 'GB'; empty: the row's."
    )
    survivorship: Literal["latest", "most common", "by source"] = Field(
        "latest", description="Which record fills the golden record where they differ."
    )
    sources: tuple[str, ...] = Field((), description="Sources in the order they are believed, for 'by source'.")


class Event(Section):
    """Days known to be unlike others: closed, a promotion, or from then on other prices."""

    name: str = Field(description="What it is, e.g. 'summer sale'.")
    first: date = Field(description="Its first day.")
    last: date | None = Field(None, description="Its last day; empty: it lasts.")

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.last is not None and self.last < self.first:
            msg = f"event {self.name!r} ends on {self.last}, before its first day {self.first}"
            raise ValueError(msg)
        return self


PurchaseModel = Literal["bgnbd", "mbgnbd", "mbgcnbdk", "paretonbd"]


class Predict(Section):
    """How the future is forecast."""

    models: tuple[PurchaseModel, ...] = Field(
        ("bgnbd", "mbgnbd", "paretonbd", "mbgcnbdk"),
        min_length=1,
        description="Purchase models that compete in the backtest.",
    )
    season: bool = Field(
        default=True, description="Try a calendar (weekdays, time of year, trend, events) in the backtest."
    )
    events: tuple[Event, ...] = Field((), description="Known events: name, first and last day, past or to come.")
    covariates: tuple[Literal["channel", "country", "first_product", "first_basket", "cohort"], ...] = Field(
        ("channel", "country", "first_product", "first_basket"),
        description="What customers may differ by from their first order on; tried in the backtest.",
    )
    challenger: bool = Field(
        default=True, description="Let boosted trees compete in the backtest, and correct the models."
    )
    draws: int = Field(256, ge=64, le=4096, description="Points of a customer's predictive distribution.")
    seed: int = Field(20240101, ge=0, description="Seed of those points; the same seed gives the same numbers.")


class Compute(Section):
    """What computes and how much it may use."""

    engine: Literal["duckdb", "spark"] = Field("duckdb", description="Engine that runs the stages.")
    memory: str = Field(
        "4GB", pattern=r"^\d+(\.\d+)?\s?(MB|GB|TB)$", description="Memory that the engine may use, e.g. 2GB or 512MB."
    )
    threads: int = Field(0, ge=0, description="Threads; 0: one a core.")


class Settings(Section):
    """All settings of a run; the defaults need no file."""

    shop: Shop = Shop()
    assumptions: Assumptions = Assumptions()
    costs: Costs = Costs()
    contact: Contact = Contact()
    lines: Lines = Lines()
    reading: Reading = Reading()
    facts: Facts = Facts()
    identity: Identity = Identity()
    predict: Predict = Predict()
    compute: Compute = Compute()
    as_of: date | None = Field(None, description="Use what happened up to this day; empty: the last dated fact.")
    known_by: date | None = Field(None, description="Use what had arrived by this day; empty: all.")


def from_dict(values: dict[str, object], *, where: str = "the options") -> Settings:
    """Check nested plain values and return the settings.

    Raises:
        ConfigError: A name is unknown or a value does not fit; says which, and what would.
    """
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        found = error.errors()  # a misspelt name says more than that the right one is missing
        misspelt = (one for one in found if one["type"] == "extra_forbidden")
        raise _refused(next(misspelt, found[0]), where, values) from error


def _refused(first: Mapping[str, Any], where: str, values: Mapping[str, Any]) -> ConfigError:
    """Say of the first value that does not fit which it is, what stands there, what would fit, and what it means."""
    name, mend = ".".join(str(part) for part in first["loc"]), "See `keepwell init` for every name and its meaning."
    if first["type"] == "extra_forbidden":
        return ConfigError(_no_such(first["loc"], values), where, mend)
    if first["type"] == "missing":
        lacking = f"{_told(first['loc'][:-1], values)} lacks the setting {str(first['loc'][-1])!r}"
        return ConfigError(lacking, where, f"{_meaning(first['loc'])} {mend}".strip())
    problem = first["msg"].removeprefix("Value error, ")
    if first["type"] == "value_error":
        return ConfigError(f"{name or 'settings'}: {problem}", where, mend)
    problem = "it is not written so" if first["type"] == "string_pattern_mismatch" else problem
    told = f"{name} cannot be {str(first['input'])!r}: {problem[:1].lower()}{problem[1:]}"
    return ConfigError(told, where, f"{_meaning(first['loc'])} {mend}".strip())


def _no_such(place: Sequence[int | str], values: Mapping[str, Any]) -> str:
    """Say which setting there is not, in which table of a list if in one, and which was perhaps meant."""
    near = get_close_matches(str(place[-1]), getattr(_section(place[:-1]), "model_fields", {}), n=1)
    meant = f", did you mean {near[0]!r}?" if near else ""
    if any(isinstance(part, int) for part in place):
        return f"no setting {str(place[-1])!r} in {_told(place[:-1], values)}{meant}"
    return f"{'.'.join(map(str, place))}: there is no such setting{meant}"


def _told(place: Sequence[int | str], values: Mapping[str, Any]) -> str:
    """Name a section; a table of a list by its own name, else by its number from 1.

    >>> _told(("costs", "resources", 0), {"costs": {"resources": [{"name": "store"}]}})
    "costs.resources 'store'"
    """
    at: Any = values
    told = ""
    for part in place:
        at = at[part]
        if isinstance(part, int):
            told += f" {at['name']!r}" if isinstance(at, dict) and at.get("name") else f" {part + 1}"
        else:
            told += f".{part}" if told else part
    return told


def _section(place: Sequence[int | str]) -> Any:
    """Return the section that stands at `place`; None where there is none."""
    of: Any = Settings
    for part in place:
        if isinstance(part, int):
            of = next(iter(get_args(of)), None)  # the tables of a list are alike
        else:
            field = getattr(of, "model_fields", {}).get(part)
            of = field.annotation if field else None
    return of


def _meaning(place: Sequence[int | str]) -> str:
    """Return what stands in keepwell.toml above the setting at `place`; '' where nothing does."""
    field = getattr(_section(place[:-1]), "model_fields", {}).get(place[-1]) if place else None
    return (field.description or "") if field else ""


def from_toml(path: Path) -> Settings:
    """Read keepwell.toml.

    Raises:
        ConfigError: The file is no TOML, or a value does not fit.
    """
    import tomllib

    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"not readable as TOML: {error}", str(path), "Mend the line that is named.") from error
    return from_dict(values, where=str(path))


def merged(base: Settings, changes: dict[str, object], *, where: str = "the options") -> Settings:
    """Return `base` with nested `changes` laid over it, checked anew.

    A margin given alone keeps the width of its range, so that `--margin 0.5` is no error.
    """
    values = base.model_dump()
    for section, change in changes.items():
        if isinstance(change, dict) and isinstance(values.get(section), dict):
            values[section] = {**values[section], **change}
        else:
            values[section] = change
    assumptions = changes.get("assumptions")
    if isinstance(assumptions, dict):
        _move_ranges(values["assumptions"], assumptions, base.assumptions)
    return from_dict(values, where=where)


def _move_ranges(values: dict[str, float], change: dict[str, float], base: Assumptions) -> None:
    for name in ("margin", "contact_share"):
        if name in change and isinstance(change[name], (int, float)):
            for end in ("_low", "_high"):
                if name + end not in change:
                    width = getattr(base, name + end) - getattr(base, name)
                    values[name + end] = min(1.0, max(0.0, round(change[name] + width, 10)))


# The short names that the command line and `Shop.run` take, and where each stands in keepwell.toml.
OPTIONS: dict[str, tuple[str, ...]] = {
    "margin": ("assumptions", "margin"),
    "contact_share": ("assumptions", "contact_share"),
    "discount_rate": ("assumptions", "discount_rate"),
    "contact_cost": ("contact", "cost"),
    "contacts_per_year": ("contact", "per_year"),
    "fulfilment_per_order": ("costs", "fulfilment_per_order"),
    "columns": ("reading", "columns"),
    "date_order": ("reading", "date_order"),
    "decimal": ("reading", "decimal"),
    "encoding": ("reading", "encoding"),
    "delimiter": ("reading", "delimiter"),
    "name": ("shop", "name"),
    "currency": ("shop", "currency"),
    "timezone": ("shop", "timezone"),
    "as_of": ("as_of",),
    "known_by": ("known_by",),
    "engine": ("compute", "engine"),
    "memory": ("compute", "memory"),
    "threads": ("compute", "threads"),
    "seed": ("predict", "seed"),
    "draws": ("predict", "draws"),
}


def with_options(base: Settings, options: Mapping[str, object]) -> Settings:
    """Return `base` with options under their short names laid over it.

    Raises:
        ConfigError: An option is unknown (names those there are) or its value does not fit.
    """
    changes: dict[str, Any] = {}
    for name, value in options.items():
        if name not in OPTIONS:
            raise ConfigError(
                f"there is no option {name!r}", "the options", f"There are: {', '.join(sorted(OPTIONS))}."
            )
        *section, field = OPTIONS[name]
        target = changes.setdefault(section[0], {}) if section else changes
        target[field] = value
    return merged(base, changes)
