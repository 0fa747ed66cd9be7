"""The report: one file, true to its tables, safe with any text, complete on any run."""

import re
from collections import Counter
from html.parser import HTMLParser

import pytest

from keepwell.charts.words import money
from keepwell.report import headlines, written
from keepwell.settings import Settings, merged
from keepwell.tables import CONTRACTS

SETTINGS = merged(Settings(), {"contact": {"cost": "1"}, "shop": {"name": "Ann & Söhne"}})
VOID = {"meta", "link", "br", "img", "hr", "input"}


class Outline(HTMLParser):
    """Collects what the tests ask about: elements, attributes, nesting and text."""

    def __init__(self, text) -> None:
        super().__init__()
        self.tags, self.ids, self.links, self.open, self.wrong = Counter(), [], [], [], []
        self.attributes, self.text, self.headings = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.tags[tag] += 1
        self.attributes.append((tag, attributes))
        if "id" in attributes:
            self.ids.append(attributes["id"])
        if "href" in attributes:
            self.links.append(attributes["href"])
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data):
        if not self.open or self.open[-1] not in {"script", "style"}:
            self.text.append(data)

    @property
    def words(self):
        return re.sub(r"\s+", " ", " ".join(self.text))


def without_plotly(html):
    """Return the page without Plotly's own script, which is not ours to judge."""
    return re.sub(r"<script>\s*/\*\*.*?</script>", "<script></script>", html, count=1, flags=re.DOTALL)


@pytest.fixture(scope="session")
def page(duckdb, arrow, place, made, tmp_path_factory):
    """The HTML of a whole run."""
    to = tmp_path_factory.mktemp("report") / "report.html"
    path = written(place(duckdb, arrow), made.summary(arrow, truth=True), SETTINGS, duckdb, to)
    assert path == to
    return path.read_text(encoding="utf-8")


def test_a_report_cut_short_leaves_the_one_before(duckdb, arrow, place, made, tmp_path, monkeypatch):
    to = tmp_path / "report.html"
    to.write_text("the one before")

    def cut_short(path, text, **more):
        with path.open("w", **more) as file:
            file.write(text[:1000])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("pathlib.Path.write_text", cut_short)
        with pytest.raises(OSError, match="No space"):
            written(place(duckdb, arrow), made.summary(arrow), SETTINGS, duckdb, to)
    assert to.read_text() == "the one before"


@pytest.fixture(scope="session")
def outline(page):
    return Outline(without_plotly(page))


def test_every_id_is_given_once(outline):
    assert [name for name, times in Counter(outline.ids).items() if times > 1] == []


def test_elements_are_closed_in_order(outline):
    assert outline.wrong == []
    assert outline.open == []


def test_every_link_leads_to_a_place_in_the_page(outline):
    assert outline.links
    assert {link.removeprefix("#") for link in outline.links} <= set(outline.ids)


def test_every_label_names_an_element_of_the_page(outline):
    named = {attrs["aria-labelledby"] for _tag, attrs in outline.attributes if "aria-labelledby" in attrs}
    assert named
    assert named <= set(outline.ids)


def test_nothing_is_fetched_from_anywhere(page, outline):
    assert not {"link", "img", "iframe", "object", "embed", "base"} & outline.tags.keys()
    assert not [attrs for tag, attrs in outline.attributes if "src" in attrs]
    assert not re.search(r"@import|url\(", without_plotly(page))
    assert "default-src 'none'" in page  # the browser itself refuses any request


def test_plotly_is_inlined_once_and_after_all_content(page):
    assert len(re.findall(r"plotly\.js v\d", page)) == 1
    assert page.index("plotly.js v") > page.index("</footer>")


def test_it_reads_by_headings_of_three_levels(outline):
    assert outline.headings[0] == 1
    assert outline.headings.count(1) == 1
    assert set(outline.headings) == {1, 2, 3}
    assert all(later - earlier <= 1 for earlier, later in zip(outline.headings, outline.headings[1:], strict=False))


def test_tables_have_captions_and_scoped_headings(outline):
    assert outline.tags["table"] == outline.tags["caption"] > 15
    scopes = [attrs.get("scope") for tag, attrs in outline.attributes if tag == "th"]
    assert scopes
    assert set(scopes) == {"col", "row"}


def test_it_names_its_language_and_fits_a_phone(outline):
    assert ("html", {"lang": "en"}) in outline.attributes
    meta = [attrs for tag, attrs in outline.attributes if tag == "meta"]
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in meta


def test_text_from_files_cannot_become_markup(page, made):
    assert made.NASTY not in without_plotly(page)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;" in page
    assert "Ann &amp; Söhne" in page


def test_every_chart_stands_with_its_data(outline):
    plots = {i.removeprefix("plot-") for i in outline.ids if i.startswith("plot-")}
    assert plots == {i.removeprefix("data-") for i in outline.ids if i.startswith("data-")}
    expected = {"waterfall", "whale", "worth", "buying", "activity", "cohorts", "kinds", "forecast", "calibration"}
    told = {"bykind", "bychannel", "losses", "goods", "bridge", "turning", "returning", "ordered", "brought", "winning"}
    assert plots == expected | {"keep", "deciles", "tenths", "staying"} | told


def test_figures_cannot_end_the_script_that_holds_them(page):
    figures = re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', page, flags=re.DOTALL)
    assert len(figures) == 23
    assert not [figure for figure in figures if "<" in figure]


def test_equity_is_that_of_its_table(outline, arrow):
    year = next(r for r in arrow["equity"].to_pylist() if r["horizon"] == "12m")
    assert f"{money(year['expected'], 'EUR')} in the next 12 months" in outline.words
    assert f"90% interval: {money(year['lower'], 'EUR')} to {money(year['upper'], 'EUR')}" in outline.words


def test_the_best_fifth_is_that_of_the_ledger(outline, arrow):
    rows = arrow["whale"].to_pylist()
    best = [r for r in rows if r["customers"] <= len(rows) / 5][-1]
    assert f"The best fifth earn {100 * best['contribution_share']:.0f}% of the profit" in outline.words


def test_the_stop_list_adds_up_to_the_plan(outline, arrow):
    stop = [r for r in arrow["plan"].to_pylist() if r["action"] == "stop"]
    saves = money(-sum(r["gain"] for r in stop), "EUR")
    assert f"Stop contacting {len(stop)} of {len(arrow['plan'])} customers: saves {saves}" in outline.words


def test_trust_is_one_number_on_the_first_screen_and_over_its_chart(outline, arrow):
    rows = [r for r in arrow["forecast_path"].to_pylist() if r["actual"] is not None]
    last = [r for r in rows if r["origin"] == max(r["origin"] for r in rows)]
    expected, actual = (sum(r[name] for r in last) for name in ("expected", "actual"))
    assert f"{expected:.0f} purchases forecast, {actual:.0f} came" in outline.words
    assert f"would have forecast {expected:.0f} purchases; {actual:.0f} came" in outline.words


def test_each_horizon_stands_with_its_interval_and_the_method_that_won_it(outline, arrow):
    worth = {r["horizon"]: r for r in arrow["equity"].to_pylist()}
    for name, words in (("3m", "3 months"), ("6m", "6 months"), ("12m", "12 months"), ("life", "life")):
        assert f"{worth[name]['expected']:,.2f}" in outline.words, words
    assert "On every horizon the method used beat the best of these rules" in outline.words
    assert "The error of its forecasts is 17% below that of the best plain rule" in outline.words


def test_warnings_stand_in_plain_words_where_their_numbers_are(outline):
    top, _, rest = outline.words.partition("How much are my customers worth?")
    assert "Only 12 customers came back" in top
    trust = rest.partition("How far to trust the forecast")[2]
    assert "No test looked 12 months ahead" in trust
    cohorts = rest.partition("The customers")[2].partition("How far to trust the forecast")[0]
    assert "Customers of March 2024 buy less" in cohorts


def test_subscribers_have_a_section_of_their_own_where_there_are_any(outline, duckdb, arrow, place, made, tmp_path):
    assert "of subscribers are still there after 12 months" in outline.words
    assert "Chance of leaving" in outline.words
    none = {**arrow, "subscriptions": arrow["subscriptions"].slice(0, 0)}
    page = written(place(duckdb, none), made.summary(none), Settings(), duckdb, tmp_path / "r.html").read_text()
    assert 'id="subscribers"' not in page


def test_each_headline_shows_formula_tables_and_evidence(page):
    cards = re.findall(r'<article class="card".*?</article>', page, flags=re.DOTALL)
    assert len(cards) == 4
    for card in cards:
        assert "<dt>Formula</dt>" in card
        assert re.search(r'<span class="badge (assumed|measured)">(\1)</span>', card)
        tables = re.search(r"<dt>Tables</dt><dd>([a-z_, ]+)", card)[1].strip().split(", ")
        assert set(tables) <= CONTRACTS.keys()


def test_conservation_is_told_to_the_last_digit(outline, arrow):
    files = arrow["files"].to_pylist()
    assert f"✓ Nothing was lost: each of {sum(f['rows'] for f in files):,} rows" in outline.words
    assert f"{sum(f['money_in'] for f in files):,.2f}" in outline.words


def test_lost_money_is_not_hidden(duckdb, arrow, place, made, tmp_path):
    summary = made.summary(arrow)
    summary["money"]["ledger"] = "1.0000"
    html = written(place(duckdb, arrow), summary, SETTINGS, duckdb, tmp_path / "r.html").read_text(encoding="utf-8")
    assert "✗ 0 rows and money of" in html
    assert "Nothing was lost" not in html


def test_without_a_test_nothing_is_called_measured(duckdb, arrow, place, made, tmp_path):
    kept = {name: table for name, table in arrow.items() if name not in ("backtest", "forecast_path")}
    html = written(place(duckdb, kept), made.summary(made.empty()), SETTINGS, duckdb, tmp_path / "r.html").read_text()
    words = Outline(without_plotly(html)).words
    tile = words[words.index("How far can I trust this?") :][:600]
    assert "Untested so far" in tile
    assert "assumed" in tile
    assert "measured" not in tile.split("Tables")[0]


def test_a_simulated_shop_shows_its_truth(outline, made, arrow):
    assert "Simulated: the truth is known" in outline.words
    assert "inside the 90% interval" in outline.words


def test_without_a_contact_cost_it_says_how_to_give_one(duckdb, arrow, place, made, tmp_path):
    bare = {**arrow, "plan": made.arrow("plan", [])}
    path = written(place(duckdb, bare), made.summary(bare), Settings(), duckdb, tmp_path / "r.html")
    words = Outline(without_plotly(path.read_text(encoding="utf-8"))).words
    assert "a year on contacting a customer" in words
    assert "--contact-cost" in words
    assert "Stop contacting" not in words


LATER = ("backtest", "forecast_path", "values", "equity", "segments", "segment_profiles", "plan", "break_even", "fits")


@pytest.mark.parametrize(
    "without", [tuple(CONTRACTS), LATER, ("order_contribution", "ledger", "whale"), ("customers",)]
)
def test_a_run_that_lacks_tables_still_has_a_report(duckdb, arrow, place, made, tmp_path, without):
    kept = {name: table for name, table in arrow.items() if name not in without}
    path = written(place(duckdb, kept), made.summary(made.empty()), Settings(), duckdb, tmp_path / "r.html")
    outline = Outline(without_plotly(path.read_text(encoding="utf-8")))
    assert outline.wrong == []
    assert "How much are my customers worth?" in outline.words


@pytest.mark.parametrize("customers", [1, 2, 5])
def test_a_handful_of_customers_is_no_error(duckdb, place, made, tmp_path, customers):
    arrow = made.run(customers=customers)
    path = written(place(duckdb, arrow), made.summary(arrow), SETTINGS, duckdb, tmp_path / "r.html")
    assert "nan" not in Outline(without_plotly(path.read_text(encoding="utf-8"))).words.lower().split()


def test_the_same_run_gives_the_same_report(page, duckdb, arrow, place, made, tmp_path):
    path = written(place(duckdb, arrow), made.summary(arrow, truth=True), SETTINGS, duckdb, tmp_path / "r.html")
    assert shorn(path.read_text(encoding="utf-8")) == shorn(page)


@pytest.mark.slow
@pytest.mark.spark
def test_spark_gives_the_same_words(page, spark, arrow, place, made, tmp_path):
    path = written(place(spark, arrow), made.summary(arrow, truth=True), SETTINGS, spark, tmp_path / "r.html")
    ours = Outline(without_plotly(path.read_text(encoding="utf-8"))).words
    assert ours.replace("spark", "duckdb") == Outline(without_plotly(page)).words


def shorn(html):
    """Return the page without the figures, whose floats may differ in their last bits."""
    return re.sub(r'<script type="application/json".*?</script>', "", html, flags=re.DOTALL)


def test_a_life_whose_interval_has_no_middle_gets_no_number():
    wide = headlines._life({"lower": 2e6, "expected": 36e6, "upper": 690e6}, "EUR")
    assert wide.startswith("too uncertain for one number")
    assert "690 million" in wide
    narrow = headlines._life({"lower": 100e3, "expected": 200e3, "upper": 400e3}, "EUR")
    assert "200,000" in narrow
