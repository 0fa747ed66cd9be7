"""The report in a real browser: every chart draws, nothing fails, a phone need not scroll sideways."""

import os
import re
import shutil
import signal
import subprocess
import time

import pytest

from keepwell.report import written
from keepwell.settings import Settings, merged

pytestmark = pytest.mark.browser
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--allow-file-access-from-files",
    "--enable-logging=stderr",
    "--virtual-time-budget=30000",
    "--dump-dom",
)
CHARTS = 23
PATIENCE = 90  # seconds


@pytest.fixture(scope="module")
def chromium():
    """The browser's program, or a skip with the reason."""
    found = next((path for path in map(shutil.which, NAMES) if path), None)
    if found is None:
        pytest.skip(f"no browser: none of {', '.join(NAMES)} is installed")
    return found


@pytest.fixture(scope="module")
def report(duckdb, arrow, place, made, tmp_path_factory):
    """A whole report on the disk."""
    to = tmp_path_factory.mktemp("browser") / "report.html"
    settings = merged(Settings(), {"contact": {"cost": "1"}})
    return written(place(duckdb, arrow), made.summary(arrow, truth=True), settings, duckdb, to)


def loaded(chromium, url, profile):
    """Return the page as it stands after its scripts ran, and what the console said."""
    out, err = profile / "out.html", profile / "err.txt"
    command = [chromium, *FLAGS, f"--user-data-dir={profile / 'user'}", "--window-size=1280,900", url]
    with out.open("wb") as page, err.open("wb") as log:
        # Child processes of the browser outlive it now and then, so the whole group is ended.
        process = subprocess.Popen(command, stdout=page, stderr=log, start_new_session=True)
        try:
            process.wait(PATIENCE)
        finally:
            ended(process)
    console = [line for line in err.read_text(encoding="utf-8", errors="replace").splitlines() if "CONSOLE" in line]
    return out.read_text(encoding="utf-8"), console


def ended(process):
    """End the processes of our browser."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait(10)
    time.sleep(0.1)


@pytest.fixture(scope="module")
def dom(chromium, report, tmp_path_factory):
    """The page in the browser, and the console."""
    return loaded(chromium, report.as_uri(), tmp_path_factory.mktemp("profile"))


def test_every_chart_draws(dom):
    page, _console = dom
    plots = re.findall(r'<div class="plot[^"]*" id="plot-([a-z]+)"', page)
    drawn = re.search(r'<html[^>]* data-drawn="(\d+)"', page)
    assert len(plots) == CHARTS
    assert drawn is not None
    assert int(drawn[1]) == len(plots)
    for name in plots:
        inside = page.split(f'id="plot-{name}"')[1].split("<figcaption>")[0]
        assert 'class="main-svg"' in inside, name


def test_no_chart_is_blank(dom):
    page, _console = dom
    marks = {
        "waterfall": 'class="point"',
        "whale": 'class="js-line"',
        "worth": 'class="point"',
        "buying": 'class="hm"',
        "activity": 'class="hm"',
        "cohorts": 'class="hm"',
        "kinds": 'class="point"',
        "forecast": 'class="js-line"',
        "calibration": 'class="point"',
        "keep": 'class="js-line"',
        "deciles": 'class="point"',
        "bykind": 'class="point"',
        "bychannel": 'class="point"',
        "losses": 'class="point"',
        "goods": 'class="point"',
        "bridge": 'class="point"',
        "turning": 'class="point"',
        "returning": 'class="js-line"',
        "ordered": 'class="hm"',
        "brought": 'class="hm"',
        "winning": 'class="point"',
    }
    for name, mark in marks.items():
        inside = page.split(f'id="plot-{name}"')[1].split("<figcaption>")[0]
        assert mark in inside, name


def test_the_console_stays_silent(dom):
    page, console = dom
    assert "data-error" not in page.split(">")[1] + page[:2000]
    assert console == []


def test_a_phone_need_not_scroll_sideways(chromium, report, tmp_path):
    # A headless window cannot be as narrow as a phone, so the page stands in a frame that is.
    frame = tmp_path / "phone.html"
    frame.write_text(
        f"""<!DOCTYPE html><html><body style="margin:0">
        <iframe id="phone" src="{report.as_uri()}" style="width:390px;height:844px;border:0"></iframe>
        <script>
        const look = () => {{
          const root = document.getElementById("phone").contentDocument.documentElement;
          if (root.dataset.drawn !== "{CHARTS}") return setTimeout(look, 200);
          const wide = Array.from(root.querySelectorAll("body *")).filter((e) => !e.closest(".scroll, .skip, svg")
            && e.getBoundingClientRect().right > 390.5).map((e) => e.tagName + "." + e.className);
          document.body.dataset.width = root.scrollWidth;
          document.body.dataset.wide = wide.join(" ");
        }};
        look();
        </script></body></html>""",
        encoding="utf-8",
    )
    page, _console = loaded(chromium, frame.as_uri(), tmp_path)
    assert re.search(r'data-width="(\d+)"', page)[1] == "390"
    assert re.search(r'data-wide="([^"]*)"', page)[1] == ""
