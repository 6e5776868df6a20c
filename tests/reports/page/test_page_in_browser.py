"""The page as a reader uses it, in Chromium: offline, by mouse and keyboard, light and dark, on a phone, on paper."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bench.reports.reporting import read_summary, write_report
from tests.material import chromium, page_runs
from tests.material.page_runs import BREAKING, HOSTILE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

CHARTS = {
    "accuracy": ".scatterlayer .points path",
    "slopes": ".scatterlayer .points path",
    "pareto": ".scatterlayer .points path",
    "step": ".barlayer .point path",
    "kinds": ".barlayer .point path",
    "phases": ".barlayer .point path",
}
"""What a mark of each chart is."""
BROKEN_WORDS = """[...document.querySelectorAll('.scroll:not(.high) tbody td:first-child')].filter(cell => {
    const text = cell.firstChild, word = document.createRange();
    if (!text || text.nodeType !== 3 || !cell.offsetWidth) return false;
    word.setStart(text, 0);
    word.setEnd(text, text.data.trimEnd().split(' ')[0].length);
    return word.getClientRects().length > 1;
}).map(cell => cell.textContent)"""
PHONE = {"width": 390, "height": 844}


@dataclasses.dataclass
class Opened:
    """A page with what it did on the way."""

    page: "Page"
    errors: list[str] = dataclasses.field(default_factory=list)
    requests: list[str] = dataclasses.field(default_factory=list)

    def count(self, selector: str) -> int:
        return self.page.locator(selector).count()

    def texts(self, selector: str) -> list[str]:
        return self.page.locator(selector).all_inner_texts()

    def do(self, script: str) -> Any:
        return self.page.evaluate(script)

    def until(self, script: str) -> None:
        """Wait until a script says true: the page's own policy forbids playwright's way of waiting for one."""
        for _ in range(300):
            if self.do(script):
                return
            self.page.wait_for_timeout(100)
        raise AssertionError(f"30 s and still not: {script}")


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    with chromium.browser() as started:
        yield started


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = page_runs.write_run(
        tmp_path_factory.mktemp("run"), [*page_runs.cells(), *page_runs.unfinished()], notes=[]
    )
    write_report(read_summary(folder), folder, "html")
    return folder / "report.html"


def opened(browser: "Browser", path: Path, place: str = "", **context: Any) -> Opened:
    """Open a file without any network, and wait until its charts are drawn."""
    around = browser.new_context(offline=True, **context)
    found = Opened(around.new_page())
    found.page.on("console", lambda said: found.errors.append(said.text) if said.type in ("error", "warning") else None)
    found.page.on("pageerror", lambda error: found.errors.append(str(error)))
    found.page.on("request", lambda asked: found.requests.append(asked.url))
    found.page.goto(path.as_uri() + place)
    found.page.wait_for_selector("html[data-ready=charts]", timeout=60_000)
    return found


@pytest.fixture(scope="module")
def once_opened(browser: "Browser", report: Path) -> Iterator[Opened]:
    found = opened(browser, report)
    yield found
    found.page.context.close()


@pytest.fixture
def page(once_opened: Opened) -> Iterator[Opened]:
    """The page as it was when it was opened: loading it anew for each test would take most of the time."""
    once_opened.do(
        "location.hash = '';"
        "document.querySelectorAll('form').forEach((form) => { form.reset(); form.dispatchEvent(new Event('input')); })"
    )
    once_opened.page.wait_for_selector("#main:not([hidden])")
    yield once_opened
    assert once_opened.errors == []


def visible_cells(page: Opened) -> list[list[str]]:
    return page.do(
        "[...document.querySelectorAll('#cells-table tbody tr')].filter(row => !row.hidden)"
        ".map(row => [...row.cells].map(cell => cell.textContent))"
    )


def column(page: Opened, heading: str) -> int:
    return page.page.locator("#cells-table thead th").all_text_contents().index(heading)


def test_it_asks_for_nothing_but_its_own_file(page: Opened, report: Path) -> None:
    page.page.wait_for_timeout(300)
    assert [url for url in page.requests if not url.startswith("data:")] == [report.as_uri()]


@pytest.mark.parametrize("name", CHARTS)
def test_each_chart_has_marks(page: Opened, name: str) -> None:
    assert page.count(f"#chart-{name} {CHARTS[name]}") > 0
    assert page.page.locator(f"#chart-{name}").get_attribute("aria-label")


def test_the_heat_map_of_each_backbone_has_a_field_for_each_pair(page: Opened) -> None:
    assert page.count("#crossovers table.heat") == 2
    assert page.count("#crossovers table.heat tbody td:not(.none)") == 2 * 3 * 2
    assert page.count("#crossovers td[class^=heat]") > 0


def test_lines_stand_where_the_figures_say(page: Opened) -> None:
    """What is drawn are the numbers of the page's data, which other tests hold against the records."""
    drawn = page.do(
        "document.getElementById('chart-accuracy').data.filter(t => t.mode === 'lines+markers').map(t => t.y)"
    )
    assert drawn == page.do("JSON.parse(document.getElementById('data').textContent).lines.map(line => line.mean)")


@pytest.mark.parametrize("heading", ["accuracy, %", "labels", "backbone", "total, s"])
def test_a_column_sorts_both_ways(page: Opened, heading: str) -> None:
    place = column(page, heading)
    button = page.page.locator("#cells-table thead th button").nth(place)
    for order, attribute in ((False, "ascending"), (True, "descending")):
        button.click()
        shown = [row[place] for row in visible_cells(page)]
        told = [text for text in shown if text != "-"]
        assert shown[: len(told)] == told, "what was not measured stands last"
        keys = told if heading == "backbone" else [float(text.replace(",", "")) for text in told]
        assert keys == sorted(keys, reverse=order)
        assert page.page.locator("#cells-table thead th").nth(place).get_attribute("aria-sort") == attribute


def test_words_filter_the_cells(page: Opened) -> None:
    page.page.fill("#find", "vit_tiny finetune")
    rows = visible_cells(page)
    assert len(rows) == 9
    assert all("vit_tiny" in row and "finetune" in row for row in rows)
    assert page.page.inner_text("#found") == "9 of 59 cells"
    page.page.fill("#find", "nothing like it")
    assert visible_cells(page) == []
    page.page.fill("#find", "")
    assert len(visible_cells(page)) == 59


def test_choices_filter_the_cells_together_with_the_words(page: Opened) -> None:
    place = column(page, "status")
    page.page.locator(f"#filters select[data-column='{place}']").select_option("oom")
    assert [row[place] for row in visible_cells(page)] == ["oom"]
    page.page.fill("#find", "vit_tiny")
    assert visible_cells(page) == []


def marks(page: Opened) -> int:
    return page.count(f"#chart-accuracy {CHARTS['accuracy']}")


def test_methods_and_backbones_can_be_switched_off_and_on(page: Opened) -> None:
    assert marks(page) == 2 * 3 * 3
    page.page.locator("#choose-settings").get_by_label("scratch").uncheck()
    page.until("document.getElementById('chart-accuracy').data.length === 8")
    assert marks(page) == 2 * 2 * 3
    page.page.locator("#choose-blocks").get_by_label("vit_tiny").uncheck()
    page.until("document.getElementById('chart-accuracy').data.length === 4")
    assert marks(page) == 2 * 3
    page.page.get_by_label("95 % intervals").uncheck()
    page.until("document.getElementById('chart-accuracy').data.length === 2")
    page.page.locator("#choose-settings").get_by_label("scratch").check()
    page.until("document.getElementById('chart-accuracy').data.length === 3")
    assert marks(page) == 3 * 3


def test_the_axes_of_the_front_can_be_chosen(page: Opened) -> None:
    page.page.locator("#choose-across").select_option("latency")
    page.until("document.getElementById('chart-pareto').layout.xaxis.title.text === 'latency, ms'")
    members = page.do(
        "JSON.parse(document.getElementById('data').textContent)"
        ".fronts.find(f => f.axes.join() === 'accuracy,latency').dots.length"
    )
    assert page.page.inner_text("#pareto-told").startswith(f"{members} rows are on the front")
    sizes = page.do("document.getElementById('chart-pareto').data.flatMap(trace => trace.marker?.size ?? [])")
    assert sizes.count(12) == members
    page.page.locator("#choose-across").select_option("accuracy")
    assert page.page.inner_text("#pareto-told").startswith("Choose two different axes")


def test_the_slopes_of_one_budget_can_be_chosen(page: Opened) -> None:
    page.page.locator("#choose-slopes").select_option("100")
    page.until("document.getElementById('chart-slopes').data.length === 2")


def test_a_cell_opens_with_its_record_and_curves_and_back_leads_back(page: Opened) -> None:
    page.page.fill("#find", "resnet18 finetune")
    page.page.locator("#cells-table tbody tr:not([hidden]) a").first.click()
    page.until("document.querySelectorAll('#chart-times .js-line').length === 1")
    assert page.page.inner_text("#cell-title") == "finetune on resnet18"
    assert page.page.locator("#main").is_hidden()
    assert page.do("document.activeElement.id") == "cell"
    for name in ("losses", "candidates", "times"):
        assert page.count(f"#chart-{name} .js-line") == 1
    assert page.do("document.getElementById('chart-candidates').data[0].x") == [40, 80, 120, 160, 200]
    record = dict(zip(page.texts("#cell-record th"), page.texts("#cell-record td"), strict=True))
    assert (record["method"], record["backbone"], record["status"]) == ("finetune", "resnet18", "ok")
    page.page.go_back()
    page.page.wait_for_selector("#main:not([hidden])")
    assert page.page.locator("#cell").is_hidden()
    assert page.page.input_value("#find") == "resnet18 finetune"


def test_a_cell_without_a_number_opens_with_its_reason(page: Opened) -> None:
    page.page.locator("#unfinished-table a").first.click()
    page.page.wait_for_selector("#cell-reason:not([hidden])")
    assert page.page.inner_text("#cell-reason") == "failed: why it failed"
    assert "No curves were kept" in page.page.inner_text("#cell-curves")


def test_a_link_to_a_cell_opens_it_and_a_wrong_one_says_so(browser: "Browser", report: Path) -> None:
    page = opened(browser, report, f"#cell={page_runs.cells()[9].cell_id}")
    page.until("document.getElementById('cell-title').innerText.includes(' on ')")
    page.do("location.hash = 'cell=constructor'")
    page.until("document.getElementById('cell-title').innerText === 'This page holds no such cell'")
    page.page.locator("#back").click()
    page.until(f"document.querySelectorAll('#chart-phases {CHARTS['phases']}').length > 0")
    box = page.page.locator("#chart-accuracy .main-svg").first.bounding_box()
    assert box is not None
    assert box["width"] > 700
    page.page.context.close()


def test_everything_can_be_reached_by_keyboard(page: Opened) -> None:
    """Tab comes to the skip link first and later to every control; enter sorts and opens; what has focus shows it."""
    reached = []
    for _ in range(300):
        page.page.keyboard.press("Tab")
        reached.append(page.do("document.activeElement.outerHTML.slice(0, 90)"))
        outlined = "getComputedStyle(document.activeElement.closest('.chip') ?? document.activeElement).outlineStyle"
        assert page.do(outlined) != "none", reached[-1]
        if page.do("document.activeElement.closest('#cells-table tbody') !== null"):
            break
    assert 'class="skip"' in reached[0]
    for part in (
        'id="theme"',
        'type="checkbox"',
        'id="choose-across"',
        'id="find"',
        'data-column="',
        'aria-label="Cells"',
    ):
        assert any(part in each for each in reached), part
    page.page.keyboard.press("Enter")
    page.page.wait_for_selector("#cell:not([hidden])")
    page.page.locator("#back").focus()
    page.page.keyboard.press("Enter")
    page.page.wait_for_selector("#main:not([hidden])")
    page.page.locator("#cells-table thead th button").nth(column(page, "seed")).focus()
    page.page.keyboard.press("Enter")
    assert page.count("#cells-table th[aria-sort=ascending]") == 1


def background(page: Opened) -> str:
    return page.do("getComputedStyle(document.body).backgroundColor")


def test_dark_follows_the_system_and_the_switch(browser: "Browser", report: Path) -> None:
    dark = opened(browser, report, color_scheme="dark")
    light = opened(browser, report, color_scheme="light")
    assert background(dark) != background(light)
    ink = "document.getElementById('chart-accuracy').layout.font.color"
    assert dark.do(ink) != light.do(ink)
    light.page.locator("#theme").click()
    assert background(light) == background(dark)
    light.until(f"{ink} === '{dark.do(ink)}'")
    assert light.page.locator("#theme").get_attribute("aria-pressed") == "true"
    dark.page.locator("#theme").click()
    assert background(dark) != background(light)
    for each in (dark, light):
        each.page.context.close()


CONTRAST = """(selector) => {
  const parts = (text) => text.match(/[\\d.]+/g).map(Number);
  const linear = (value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
  const light = (rgb) => [0.2126, 0.7152, 0.0722].reduce((sum, weight, k) => sum + weight * linear(rgb[k] / 255), 0);
  let place = document.querySelector(selector);
  const ink = light(parts(getComputedStyle(place).color));
  const behind = (element) => parts(getComputedStyle(element).backgroundColor);
  while (place !== document.body && (behind(place)[3] ?? 1) === 0) place = place.parentElement;
  const paper = light(behind(place));
  return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
}"""
"""Of a text with the nearest background behind it (WCAG 2.2)."""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_have_enough_contrast(browser: "Browser", report: Path, scheme: str) -> None:
    page = opened(browser, report, color_scheme=scheme)
    for selector in (
        ".lead",
        ".explanation",
        "nav a",
        "td",
        "thead th",
        ".card .labels",
        ".card .muted",
        ".facts .alarming",
        ".legend",
    ):
        assert page.page.evaluate(CONTRAST, selector) >= 4.5, selector
    page.page.context.close()


def test_a_phone_shows_it_without_scrolling_sideways(browser: "Browser", report: Path) -> None:
    page = opened(browser, report, viewport=PHONE, is_mobile=True, has_touch=True)
    assert page.do("document.documentElement.scrollWidth") <= PHONE["width"]
    assert page.do(BROKEN_WORDS) == []
    page.do(f"location.hash = 'cell={page_runs.cells()[9].cell_id}'")
    page.until("document.querySelectorAll('#chart-times .js-line').length === 1")
    assert page.do("document.documentElement.scrollWidth") <= PHONE["width"]
    for name in ("losses", "candidates", "times"):
        box = page.page.locator(f"#chart-{name} .main-svg").first.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= PHONE["width"]
    page.page.context.close()


def test_on_paper_everything_is_open_and_light(browser: "Browser", report: Path) -> None:
    page = opened(browser, report, color_scheme="dark")
    pdf = page.page.pdf()
    assert pdf.startswith(b"%PDF")
    page.page.emulate_media(media="print")
    page.do("window.dispatchEvent(new Event('beforeprint'))")
    assert page.count("details:not([open])") == 0
    assert page.page.locator("nav").is_hidden()
    assert page.page.locator("#filters").is_hidden()
    ink = page.do("getComputedStyle(document.documentElement).getPropertyValue('--ink').trim()")
    assert ink == "#1c2024"
    page.until(f"document.getElementById('chart-phases').layout.font.color === '{ink}'")
    page.page.context.close()


@pytest.mark.parametrize("text", [HOSTILE, BREAKING])
def test_hostile_names_do_no_harm(browser: "Browser", text: str, tmp_path: Path) -> None:
    """Names that are HTML, scripts, or a template stay text: on the page, in charts, and on a cell's page."""
    hostile = {"weights": text, "dataset": text, "device": text}
    cells = page_runs.cells(["resnet18"], ["finetune", "linear_probe"], [10, 100], 2, **hostile)
    named = [dataclasses.replace(record, backbone=text, budget=text) for record in cells]
    folder = page_runs.write_run(tmp_path, named, suite=text, description=text, suite_text=text)
    write_report(read_summary(folder), folder, "html")
    page = opened(browser, folder / "report.html")
    page.page.locator("#cells-table tbody a").first.click()
    page.until("document.getElementById('cell-title').innerText.includes(' on ')")
    assert text in page.page.inner_text("#cell-title") or " ".join(text.split()) in page.page.inner_text("#cell-title")
    assert page.page.title() != "owned"
    assert page.count("img, iframe, object") == 0
    assert page.errors == []
    assert [url for url in page.requests if not url.startswith("data:")] == [(folder / "report.html").as_uri()]
    page.page.context.close()


def test_the_policy_stops_a_script_that_got_in(page: Opened) -> None:
    """Were escaping to fail, the browser would still run nothing."""
    page.do(
        "const holder = document.createElement('div');"
        "holder.innerHTML = '<img src=data:x onerror=\"document.title=`owned`\">';"
        "document.body.append(holder);"
        "const script = document.createElement('script'); script.textContent = 'document.title=`owned`';"
        "document.body.append(script); holder.id = 'intruder'; 0"
    )
    page.page.wait_for_timeout(200)
    assert page.page.title() != "owned"
    assert page.errors
    assert all("Content Security Policy" in error or "ERR_INVALID_URL" in error for error in page.errors), page.errors
    page.errors.clear()
    page.do("document.getElementById('intruder').remove()")


def test_a_run_without_any_number_has_a_page(browser: "Browser", tmp_path: Path) -> None:
    folder = page_runs.write_run(tmp_path, page_runs.unfinished())
    write_report(read_summary(folder), folder, "html")
    page = opened(browser, folder / "report.html")
    assert "No cell has a number yet" in page.page.inner_text(".lead")
    assert page.count("#unfinished-table tbody tr") == 5
    assert page.errors == []
    page.page.context.close()


def test_a_thousand_cells_with_curves_stay_under_six_megabytes(
    browser: "Browser", tmp_path: Path, record_property: Any
) -> None:
    """And how long it takes until tables and charts can be used, which is told and not asserted."""
    backbones = [f"backbone_{number}" for number in range(5)]
    cells = page_runs.cells(backbones, list(page_runs.BASES), [10, 100, 1000, 5000], 10)
    assert len(cells) == 1000
    folder = page_runs.write_run(tmp_path, cells, steps=2000)
    write_report(read_summary(folder), folder, "html")
    size = (folder / "report.html").stat().st_size
    assert size < 6_000_000
    page = opened(browser, folder / "report.html")
    assert len(visible_cells(page)) == 1000
    times = page.do("performance.getEntriesByType('mark').map(mark => [mark.name, Math.round(mark.startTime)])")
    record_property("bytes", size)
    record_property("milliseconds", times)
    print(f"\n1,000 cells: {size:,} bytes; ready after {dict(times)} ms")
    assert {"tables", "charts"} <= dict(times).keys()
    assert page.errors == []
    page.page.context.close()
