"""Records of people whose truth is known: what a shop, a till, a mailing list and a help desk write down of them.

A person has a true name, day of birth, address, e-mail and telephone. Each of their records is one writing-down, in
order of time. What goes wrong is drawn with the rates in `Corruption`: moves and marriages last from that record on,
everything else spoils the one record. The rates were fixed before any matcher was built, and are not tuned to one.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from keepwell.simulate.names import (
    COMPANY_FORMS,
    COMPANY_TRADES,
    COMPANY_WORDS,
    FIRST_BEGINNINGS,
    FIRST_ENDINGS,
    LOCALES,
    MAIL_HOSTS,
    Locale,
)

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.object_]

BEGAN = datetime(2023, 1, 1, tzinfo=UTC)
HISTORY = 3 * 365  # days over which records come in
RARE = 10.0  # flattens the head of Zipf's law: the commonest of a list is eleven times its 110th
SOURCES = (("shop", 0.55), ("till", 0.20), ("newsletter", 0.10), ("desk", 0.15))


@dataclass(frozen=True, slots=True)
class Corruption:
    """What goes wrong, as shares of all records, of people where it says so."""

    typo: float = 0.08  # a letter wrong, missing, doubled or swapped in the first or the last name
    nickname: float = 0.05  # a short form for the first name; names that have one bear it all
    moved: float = 0.06  # from this record on another address; of the records after a person's first
    married: float = 0.015  # from this record on another surname; likewise, women only
    twins: float = 0.01  # people who have a twin, or a parent of the same name, at their address
    shared_email: float = 0.04  # people who give the e-mail of somebody else of their household
    guest: float = 0.15  # no e-mail
    no_phone: float = 0.10
    initial: float = 0.03  # only the first letter of the first name
    other_email: float = 0.03  # another e-mail of the same person
    landline: float = 0.10  # the telephone of the household, or of the company, for one's own
    placeholder: float = 0.01  # a telephone number that is nobody's
    no_birthday: float = 0.60
    wrong_birthday: float = 0.01  # of the birthdays given: day and month swapped, or a digit of the year
    no_address: float = 0.05
    whole_name: float = 0.25  # one field for the name
    shortened: float = 0.15  # 'St' for 'Street'
    upper_case: float = 0.05


@dataclass(frozen=True, slots=True)
class Society:
    """Who lives and works together, and how common names are."""

    households: tuple[float, ...] = (0.80, 0.15, 0.03, 0.02)  # chance of 1, 2, 3, 4 customers at one address
    same_surname: float = 0.75  # of the second adult of a household
    colleagues: float = 0.04  # people who buy for a company
    common_first: float = 0.85  # first names from the list of their country, the rest put together
    common_last: float = 0.35  # likewise surnames


@dataclass(frozen=True, slots=True)
class Truth:
    """The people; every array has shape (people,)."""

    locale: Ints
    household: Ints
    company: Ints  # -1: none
    first: Texts
    last: Texts
    woman: Flags
    born: Ints  # days since 1970
    email: Texts
    twin: Flags
    sharing: Flags  # gives the household's e-mail


CORRUPTION, SOCIETY = Corruption(), Society()
CAUSES = (
    "typo",
    "nickname",
    "initial",
    "moved",
    "married",
    "other e-mail",
    "shared e-mail",
    "guest",
    "no phone",
    "twin",
)


def recorded(
    *, records: int, people: int, seed: int, corruption: Corruption = CORRUPTION, society: Society = SOCIETY
) -> pa.Table:
    """Return the records, eldest first.

    Columns: those of the table `people` without `customer_id` (each record is one, however alike two are), then the
    truth: `person`, `household` (-1: none of their own) and `causes`, a list of `CAUSES` that touched the record.

    Raises:
        ValueError: There are fewer records than people.
    """
    if not 0 < people <= records:
        msg = f"{records} records cannot be of {people} people"
        raise ValueError(msg)
    rng = np.random.default_rng(seed)
    truth = _people(people, rng=rng, corruption=corruption, society=society)
    owner, day = _written_down(records, people, rng=rng)
    return _table(truth, owner, day, rng=rng, corruption=corruption)


def _written_down(records: int, people: int, *, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Draw whose record each is and its day, ordered by person and day: one each, the rest to whom they fall."""
    eager = rng.gamma(1.0, size=people)
    extra = rng.choice(people, size=records - people, p=eager / eager.sum())
    owner = np.concatenate([np.arange(people), extra])
    day = rng.integers(0, HISTORY, records)
    order = np.lexsort((day, owner))
    return owner[order], day[order]


def ranked(count: int) -> npt.NDArray[np.float64]:
    """Return the share of each rank in a list by Zipf and Mandelbrot."""
    weight = 1 / (np.arange(1, count + 1) + RARE)
    shares: npt.NDArray[np.float64] = weight / weight.sum()
    return shares


def _people(people: int, *, rng: np.random.Generator, corruption: Corruption, society: Society) -> Truth:
    size = rng.choice(np.arange(1, len(society.households) + 1), size=people, p=society.households)
    household = np.repeat(np.arange(people), size)[:people]
    place = np.arange(people) - np.searchsorted(household, household)
    locale = rng.choice(len(LOCALES), size=people, p=[one.share for one in LOCALES])[household]
    head = np.searchsorted(household, household)
    woman = rng.random(people) < 0.5
    born = rng.integers(-365 * 45, 365 * 36, people)
    adult = born[head]
    born = np.where(place == 1, np.minimum(adult + rng.integers(-2200, 2200, people), 365 * 36), born)
    born = np.where(place > 1, adult + rng.integers(365 * 22, 365 * 35, people), born)
    first = _drawn_first(locale, woman, rng=rng, society=society)
    last = _drawn_last(locale, rng=rng, society=society)
    joined = (place > 1) | ((place == 1) & (rng.random(people) < society.same_surname))
    last = np.where(joined, last[head], last)
    twin = (place == 1) & (rng.random(people) < corruption.twins / max((place == 1).mean(), 1e-9))
    junior = twin & (rng.random(people) < 0.5)
    last = np.where(twin, last[head], last)
    born = np.where(twin, np.where(junior, adult + rng.integers(365 * 20, 365 * 33, people), adult), born)
    woman = np.where(junior, woman[head], woman)
    first = np.where(junior, first[head], first)
    alike = twin & ~junior & (first == first[head])
    first[alike] = [f"{name}a" for name in first[alike]]
    company = np.where(
        rng.random(people) < society.colleagues, rng.geometric(min(100 / people, 1.0), people) % people, -1
    )
    email = _emails(first, last, born, rng=rng)
    sharing = (place > 0) & (rng.random(people) < corruption.shared_email / max((place > 0).mean(), 1e-9))
    email = np.where(sharing, email[head], email)
    return Truth(locale, household, company, first, last, woman, born, email, twin, sharing)


def _drawn_first(locale: Ints, woman: Flags, *, rng: np.random.Generator, society: Society) -> Texts:
    names = np.empty(len(locale), object)
    for index, one in enumerate(LOCALES):
        for sex, own, there in (("women", one.women, woman), ("men", one.men, ~woman)):
            these = np.flatnonzero((locale == index) & there)
            names[these] = rng.choice(np.array(own, object), size=len(these), p=ranked(len(own)))
            rare = these[rng.random(len(these)) >= society.common_first]
            names[rare] = _joined(rng, len(rare), FIRST_BEGINNINGS, FIRST_ENDINGS[sex])
    return names


def _drawn_last(locale: Ints, *, rng: np.random.Generator, society: Society) -> Texts:
    names = np.empty(len(locale), object)
    for index, one in enumerate(LOCALES):
        these = np.flatnonzero(locale == index)
        names[these] = _surnames(one, len(these), rng=rng, society=society)
        if one.two_surnames:
            names[these] = names[these] + " " + _surnames(one, len(these), rng=rng, society=society)
    return names


def _surnames(one: Locale, count: int, *, rng: np.random.Generator, society: Society) -> Texts:
    names: Texts = rng.choice(np.array(one.surnames, object), size=count, p=ranked(len(one.surnames)))
    rare = np.flatnonzero(rng.random(count) >= society.common_last)
    made = _joined(rng, len(rare), one.beginnings, one.endings)
    longer = rng.random(len(rare)) < 0.6
    middle = rng.choice(np.array([part.lower() for part in one.beginnings], object), size=len(rare))
    whole = _joined(rng, len(rare), one.beginnings, middle) + rng.choice(np.array(one.endings, object), size=len(rare))
    names[rare] = np.where(longer, whole, made)
    return names


def _joined(rng: np.random.Generator, count: int, beginnings: Sequence[str], endings: Sequence[str] | Texts) -> Texts:
    """Put beginnings drawn at random before endings: drawn too, unless they are one each already."""
    begin = rng.choice(np.array(beginnings, object), size=count)
    end = endings if isinstance(endings, np.ndarray) else rng.choice(np.array(endings, object), size=count)
    joined: Texts = begin + end
    return joined


def _emails(first: Texts, last: Texts, born: Ints, *, rng: np.random.Generator) -> Texts:
    """Draw addresses, each of one person: most tell the name, some the year, some nothing."""
    style, host = rng.random(len(first)), rng.choice(len(MAIL_HOSTS), size=len(first), p=ranked(len(MAIL_HOSTS)))
    digits = rng.integers(10, 99_999, len(first))
    made, taken = np.empty(len(first), object), set()
    for i in range(len(first)):
        given, family = plain(first[i]), plain(last[i].split()[-1])
        stem = (
            f"{given}.{family}" if style[i] < 0.45 else f"{given[0]}{family}" if style[i] < 0.75 else f"{family}{given}"
        )
        stem = f"{given[:3]}{digits[i]:05d}" if style[i] > 0.9 else stem
        stem += f"{(1970 + born[i] // 365) % 100:02d}" if 0.3 < style[i] < 0.55 else ""
        stem += f"{digits[i]}" if f"{stem}@{MAIL_HOSTS[host[i]]}" in taken else ""
        while f"{stem}@{MAIL_HOSTS[host[i]]}" in taken:
            stem += "x"
        made[i] = f"{stem}@{MAIL_HOSTS[host[i]]}"
        taken.add(made[i])
    return made


def plain(text: str) -> str:
    """Return a name as it stands in an e-mail: small letters without accents, nothing else."""
    letters = unicodedata.normalize("NFKD", text.replace("ß", "ss")).lower()
    return "".join(letter for letter in letters if "a" <= letter <= "z") or "x"


def _table(truth: Truth, owner: Ints, day: Ints, *, rng: np.random.Generator, corruption: Corruption) -> pa.Table:
    count = len(owner)
    later = np.r_[False, owner[1:] == owner[:-1]]
    chance = {field.name: rng.random(count) < getattr(corruption, field.name) for field in fields(Corruption)}
    marries = later & truth.woman[owner] & (rng.random(count) < 2 * corruption.married)
    homes, weddings = _since(later & chance["moved"], owner), _since(marries, owner)
    locale = truth.locale[owner]
    first, last = truth.first[owner].copy(), truth.last[owner].copy()
    last = np.where(weddings > 0, _renamed(locale, owner, weddings), last)
    first, nick = _shortened_names(first, locale, corruption.nickname, rng=rng)
    first, last = _misspelt(first, last, chance["typo"], rng=rng)
    initial = chance["initial"] & ~nick
    first[initial] = [f"{name[0]}." if i % 2 else name[0] for i, name in enumerate(first[initial])]
    where = _homes(truth, owner, homes, locale)
    where["street"] = _abbreviated(where["street"], locale, chance["shortened"])
    phone = _phones(truth, owner, locale, chance, rng=rng)
    email = _mailed(truth, owner, chance)
    born = _birthdays(truth.born[owner], chance, rng=rng)
    whole = chance["whole_name"]
    nothing = np.full(count, None, object)
    columns: dict[str, Any] = {
        "email": email,
        "phone": phone,
        "name": np.where(whole, first + " " + last, nothing),
        "first_name": np.where(whole, nothing, first),
        "last_name": np.where(whole, nothing, last),
        "company": where["company"],
        **{part: np.where(chance["no_address"], nothing, where[part]) for part in ("street", "city", "postcode")},
        "country": where["country"],
    }
    for part in ("name", "first_name", "last_name", "street", "city"):
        columns[part] = _louder(columns[part], chance["upper_case"])
    blemishes = {
        "typo": chance["typo"],
        "nickname": nick,
        "initial": initial,
        "moved": homes > 0,
        "married": weddings > 0,
        "other e-mail": chance["other_email"] & ~chance["guest"] & ~truth.sharing[owner],
        "shared e-mail": truth.sharing[owner],
        "guest": chance["guest"],
        "no phone": chance["no_phone"],
        "twin": truth.twin[owner],
    }
    return _arranged(columns, born, truth, owner, day, homes, blemishes, rng=rng)


def _since(happens: Flags, owner: Ints) -> Ints:
    """Count what has happened to each record's person up to it; records stand by person and day."""
    total = np.cumsum(happens)
    start = np.searchsorted(owner, owner)
    since: Ints = total - total[start] + happens[start].astype(np.int64)
    return since


def _drawn(seed: int, *keys: Ints) -> np.ndarray[Any, np.dtype[np.uint64]]:
    """Return one random number a key, the same wherever the key comes up (splitmix64)."""
    with np.errstate(over="ignore"):
        value = np.full(len(keys[0]), seed, np.uint64)
        for key in keys:
            value = (value ^ key.astype(np.uint64)) + np.uint64(0x9E3779B97F4A7C15)
            value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            value ^= value >> np.uint64(31)
    return value


def _renamed(locale: Ints, owner: Ints, weddings: Ints) -> Texts:
    """Return the surname after so many weddings, of the list of the country."""
    lists = [one.surnames for one in LOCALES]
    pick = _drawn(11, owner, weddings)
    made = [lists[place][int(p) % len(lists[place])] for place, p in zip(locale, pick, strict=True)]
    return np.array(made, object)


def _shortened_names(first: Texts, locale: Ints, rate: float, *, rng: np.random.Generator) -> tuple[Texts, Flags]:
    """Write the short form in so many of all records, and return which."""
    shorts = [LOCALES[place].short.get(name) for place, name in zip(locale, first, strict=True)]
    has = np.array([short is not None for short in shorts])
    done: Flags = has & (rng.random(len(first)) < rate / max(has.mean(), 1e-9))
    return np.where(done, np.array(shorts, object), first), done


def _misspelt(first: Texts, last: Texts, wanted: Flags, *, rng: np.random.Generator) -> tuple[Texts, Texts]:
    """Spoil one letter of the first or the last name."""
    these = np.flatnonzero(wanted)
    draws = rng.random((len(these), 4))
    for i, (which, kind, place, letter) in zip(these, draws, strict=True):
        names = first if which < 0.5 else last
        names[i] = misspelt(names[i], kind=kind, place=place, letter=letter)
    return first, last


def misspelt(word: str, *, kind: float, place: float, letter: float) -> str:
    """Return `word` with one letter wrong, missing, doubled or swapped with the next; the draws are 0..1."""
    at = min(int(place * len(word)), len(word) - 1)
    if kind < 0.3:
        return word[:at] + chr(ord("a") + int(letter * 26)) + word[at + 1 :]
    if kind < 0.55 and len(word) > 2:
        return word[:at] + word[at + 1 :]
    if kind < 0.75 or len(word) < 3:
        return word[:at] + word[at] + word[at:]
    at = min(max(at, 1), len(word) - 2)
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def _homes(truth: Truth, owner: Ints, homes: Ints, locale: Ints) -> dict[str, Texts]:
    """Return the address of each record: of the household, of the own home after a move, or of the company."""
    at_work = (truth.company[owner] >= 0) & (homes == 0)
    # One address a household, one a company, one a person and move; the keys of the kinds never meet.
    kind = np.where(at_work, 1, np.where(homes > 0, 2, 0))
    key = np.where(at_work, truth.company[owner], np.where(homes > 0, owner, truth.household[owner]))
    place = np.where(at_work, truth.company[owner] % len(LOCALES), locale)
    draws = [_drawn(seed, key, kind, np.where(kind == 2, homes, 0)) for seed in (21, 22, 23, 24)]
    made = [_address(LOCALES[p], *(int(d) for d in ds)) for p, *ds in zip(place, *draws, strict=True)]
    firms = [_company(int(firm)) if work else None for firm, work in zip(truth.company[owner], at_work, strict=True)]
    street, city, postcode = (np.array(column, object) for column in zip(*made, strict=True))
    country = np.array([one.country for one in LOCALES], object)[place]
    return {
        "street": street,
        "city": city,
        "postcode": postcode,
        "country": country,
        "company": np.array(firms, object),
    }


def _address(one: Locale, street: int, town: int, number: int, name: int) -> tuple[str, str, str]:
    # Large towns are drawn more often, and have more streets that bear a name.
    place = min(int(len(one.places) * (town % 10_007 / 10_007) ** 2), len(one.places) - 1)
    way = one.streets[street % len(one.streets)]
    bearer = one.surnames[name % len(one.surnames)] if name % 3 else one.beginnings[name % len(one.beginnings)]
    way, door = way.format(bearer), 1 + number % 180
    whole = f"{door} {way}" if one.number_first else f"{way} {door}"
    # A postcode is of a street of a town, so that neighbours share it.
    area = int(_drawn(31, np.array([place]), np.array([street % len(one.streets)]), np.array([name % 400]))[0])
    return whole, one.places[place], _filled(one.postcode, area)


def _filled(pattern: str, number: int) -> str:
    """Fill '#' with digits and '@' with letters from a large number."""
    out = []
    for sign in pattern:
        base = {"#": 10, "@": 26}.get(sign)
        if base is None:
            out.append(sign)
            continue
        number, rest = divmod(number, base)
        out.append(str(rest) if base == 10 else chr(65 + rest))
    return "".join(out)


def _company(number: int) -> str:
    word, rest = COMPANY_WORDS[number % len(COMPANY_WORDS)], number // len(COMPANY_WORDS)
    second = COMPANY_WORDS[rest % len(COMPANY_WORDS)]
    trade, form = COMPANY_TRADES[number % len(COMPANY_TRADES)], COMPANY_FORMS[number % len(COMPANY_FORMS)]
    return f"{word} {second} {trade} {form}"


def _abbreviated(street: Texts, locale: Ints, wanted: Flags) -> Texts:
    for i in np.flatnonzero(wanted):
        street[i] = street[i].replace(*LOCALES[locale[i]].abbreviated)
    return street


def _phones(truth: Truth, owner: Ints, locale: Ints, chance: dict[str, Flags], *, rng: np.random.Generator) -> Texts:
    """Return each record's telephone as it was written: with the country's code or without, spaced or not."""
    work = truth.company[owner] >= 0
    shared = np.where(work, truth.company[owner], truth.household[owner])
    own, common = _drawn(41, owner), _drawn(42, shared, work.astype(np.int64))
    style = rng.integers(0, 5, len(owner))
    made = np.empty(len(owner), object)
    for i in range(len(owner)):
        if chance["no_phone"][i]:
            continue
        one = LOCALES[locale[i]]
        draw = int(common[i]) if chance["landline"][i] else int(own[i])
        kinds = one.landline if chance["landline"][i] else one.mobile
        national = _filled(kinds[draw % len(kinds)], draw // 8)
        made[i] = written_phone(one.calling, national, style=int(style[i]))
    made[chance["placeholder"] & ~chance["no_phone"]] = "0000000000"
    return made


def written_phone(calling: str, national: str, *, style: int) -> str:
    """Return a telephone number in one of five ways of writing it."""
    trunk = "" if calling in {"1", "34"} else "0"
    digits = "".join(sign for sign in national if sign.isdigit())
    ways = (
        f"+{calling} {national}",
        f"{trunk}{national}",
        f"{trunk}{digits}",
        f"+{calling}{digits}",
        f"00{calling}{digits}",
    )
    return ways[style] if calling != "1" or style < 4 else f"1-{digits}"


def _mailed(truth: Truth, owner: Ints, chance: dict[str, Flags]) -> Texts:
    email = truth.email[owner].copy()
    pick = _drawn(51, owner)
    for i in np.flatnonzero(chance["other_email"] & ~truth.sharing[owner]):
        name, year = plain(truth.first[owner[i]]), int(pick[i]) % 10_000
        email[i] = f"{name}{year}@{MAIL_HOSTS[int(pick[i]) // 10_000 % len(MAIL_HOSTS)]}"
    email[chance["guest"]] = None
    return email


def _birthdays(born: Ints, chance: dict[str, Flags], *, rng: np.random.Generator) -> npt.NDArray[np.datetime64]:
    """Return the day of birth as given: none, or now and then another."""
    day = born.astype("datetime64[D]")
    shift = rng.choice(np.array([365 * 10, -365 * 10, 30, -30, 9, -9]), size=len(born))
    day = np.where(chance["wrong_birthday"], day + shift, day)
    day[chance["no_birthday"]] = np.datetime64("NaT")
    return day


def _louder(texts: Texts, wanted: Flags) -> Texts:
    for i in np.flatnonzero(wanted):
        texts[i] = texts[i].upper() if texts[i] is not None else None
    return texts


def _arranged(
    columns: dict[str, Any],
    born: npt.NDArray[np.datetime64],
    truth: Truth,
    owner: Ints,
    day: Ints,
    homes: Ints,
    blemishes: dict[str, Flags],
    *,
    rng: np.random.Generator,
) -> pa.Table:
    """Return the records in the order of their arrival, with the names of the contract."""
    count = len(owner)
    order = np.lexsort((rng.random(count), day))
    source = rng.choice(np.array([name for name, _share in SOURCES], object), size=count, p=[s for _name, s in SOURCES])
    stacked = np.column_stack([blemishes[cause] for cause in CAUSES])
    causes = [[CAUSES[j] for j in np.flatnonzero(stacked[i])] for i in order]
    own = ["e" + str(e) if e is not None else f"r{i:09d}" for i, e in enumerate(columns["email"][order])]
    whose = np.where((homes > 0) | (truth.company[owner] >= 0), -1, truth.household[owner])
    days = [BEGAN + timedelta(days=int(d)) for d in day[order]]
    text = {name: pa.array(columns[name][order].tolist(), pa.string()) for name in columns}
    parts: dict[str, Any] = {
        "record_id": pa.array([f"r{i:09d}" for i in range(count)], pa.string()),
        "own_id": pa.array(own, pa.string()),
        "source": pa.array(source[order].tolist(), pa.string()),
        "format": pa.array(["simulated"] * count, pa.string()),
        "file": pa.array(source[order].tolist(), pa.string()),
        "line": pa.array(np.arange(2, count + 2), pa.int64()),
        "arrived": pa.array(days, pa.timestamp("us", "UTC")),
        "seen": pa.array([moment.date() for moment in days], pa.date32()),
        "rows": pa.array(np.ones(count, np.int64)),
        "number": pa.nulls(count, pa.string()),
        **{name: text[name] for name in ("email", "phone", "name", "first_name", "last_name", "company")},
        **{name: text[name] for name in ("street", "city", "postcode")},
        "region": pa.nulls(count, pa.string()),
        "country": text["country"],
        "born": pa.array(born[order], pa.date32()),
        "person": pa.array(owner[order], pa.int64()),
        "household": pa.array(whose[order], pa.int64()),
        "causes": pa.array(causes, pa.list_(pa.string())),
    }
    return pa.table(parts)
