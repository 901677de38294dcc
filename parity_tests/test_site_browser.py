"""The report's site in a real browser, from disk and without a network: nothing fails, everything can be used.

These tests need Debian's Chromium and the extra `browser`: apt-get install chromium && pip install -e .[browser]
"""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from parity_tests import sites
from parity_tests.test_site import HOSTILE_PAGE
from reports.pipeline import Comparison

HOW = "no browser: apt-get install chromium, and pip install -e .[browser]"
CHROMIUM = shutil.which("chromium")
sync_api = pytest.importorskip("playwright.sync_api", reason=HOW)
axe_api = pytest.importorskip("axe_playwright_python.sync_playwright", reason=HOW)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=HOW)

LONG_PAGE = f"cases/{sites.LONG}-float64.html"
IRIS = "cases/iris-float64.html"
SMALL = ("index.html", IRIS, HOSTILE_PAGE, "topics/dense.html", "departures/momentum.html", "faults.html")
PAGES = (*SMALL, "topics/relu.html", "cases/ann3-float32.html", LONG_PAGE)
Open = Callable[..., Any]
# Milliseconds from a click on a heading until the table has other rows, and from one on "Zoom in" to another picture.
SORTED_AFTER = """() => new Promise((done) => {
  const shown = () => document.querySelector('#rows tbody').innerText + heading.ariaSort;
  const heading = [...document.querySelectorAll('#rows th')].find((one) => one.innerText.includes('used'));
  const [before, began] = [shown(), performance.now()];
  const look = () => (shown() === before ? setTimeout(look) : done(performance.now() - began));
  heading.click();
  look();
})"""
DRAWN_AFTER = """() => new Promise((done) => {
  const shown = () => document.querySelector('[data-chart=difference] canvas').toDataURL();
  const [before, began] = [shown(), performance.now()];
  const look = () => (shown() === before ? setTimeout(look) : done(performance.now() - began));
  document.querySelector('[data-zoom=in]').click();
  look();
})"""


@pytest.fixture(scope="module")
def made(
    site: tuple[Path, list[Comparison]], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, list[Comparison]]:
    """The site, in another place than it was written to: nothing in it may know where it lies."""
    return Path(shutil.copytree(site[0], tmp_path_factory.mktemp("moved #1 é") / "report")), site[1]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One headless Chromium."""
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def opened(browser: Any, made: tuple[Path, list[Comparison]]) -> Iterator[Open]:
    """Opens a page from disk, without a network; whatever goes wrong on it fails the test at its end."""
    troubles: list[str] = []
    contexts = []

    def open_page(path: str, width: int = 900, scheme: str = "light") -> Any:
        context = browser.new_context(offline=True, viewport={"width": width, "height": 800}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: troubles.append(f"{path}: {message.type}: {message.text}"))
        page.on("pageerror", lambda error: troubles.append(f"{path}: {error}"))
        page.on("dialog", lambda dialog: (troubles.append(f"{path}: a script ran: {dialog.message}"), dialog.dismiss()))
        page.on("requestfailed", lambda request: troubles.append(f"{path}: failed: {request.url}"))
        page.on("request", lambda request: _only_files(request.url, troubles))
        page.goto((made[0] / path).as_uri())
        page.wait_for_function("document.documentElement.dataset.ready || !document.querySelector('script')")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert troubles == []


def _only_files(url: str, troubles: list[str]) -> None:
    """Notes a request that is neither for a file nor for data inside the page."""
    if not url.startswith(("file:", "data:")):
        troubles.append(f"asked for {url}")


def column(page: Any, title: str) -> list[str]:
    """The texts of a column of the table of all rows, as far as it is shown."""
    titles = page.locator("#rows thead th").all_inner_texts()
    number = [text.strip() for text in titles].index(title) + 1
    return list(page.locator(f"#rows tbody tr > :nth-child({number})").all_inner_texts())


def sorted_as(heading: Any, way: str) -> None:
    """Waits until a heading says which way its column is sorted."""
    sync_api.expect(heading).to_have_attribute("aria-sort", way)


def by_day_and_night(page: Any, first: str) -> Iterator[str]:
    """The two color schemes, the one with which the page was opened first; the reader then switches."""
    for scheme in sorted(("light", "dark"), key=lambda one: one != first):
        page.emulate_media(color_scheme=scheme)
        yield scheme


def violations(page: Any) -> list[str]:
    """What the accessibility checker finds wrong: the rule, the element and why, at most three of each rule."""
    found = axe_api.Axe().run(page, options={"preload": False, "resultTypes": ["violations"]}).response["violations"]
    return [f"{one['id']}: {node['html'][:160]} {node['failureSummary']}" for one in found for node in one["nodes"][:3]]


def choice(page: Any, name: str) -> Any:
    """The field that chooses rows by a column."""
    return page.locator(f"#rows select[data-column={name}]")


@pytest.mark.parametrize(("width", "first"), [(400, "light"), (900, "dark"), (1600, "light")])
def test_every_page_opens_from_disk(opened: Open, width: int, first: str) -> None:
    """No error, no request that is not a file's, nothing wider than the window, on phone and desk, by day and night."""
    for path in PAGES:
        page = opened(path, width, first)
        assert page.locator("h1").count() == 1
        for scheme in by_day_and_night(page, first):
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
            dark = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g)[0] < 128")
            assert dark == (scheme == "dark")


def test_names_are_shown_and_not_run(opened: Open) -> None:
    """What looks like a script in a name is text on the page, in tables made by scripts and in menus of choices too."""
    page = opened(HOSTILE_PAGE)
    assert sites.HOSTILE in page.locator("h1").inner_text()
    choice(page, "status").select_option("")
    assert f"forward/{sites.LAYER}" in column(page, "quantity")
    assert f"forward/{sites.LAYER}" in choice(page, "quantity").locator("option").all_inner_texts()
    assert page.locator("#rows td img, #rows td script").count() == 0


def test_headings_sort(opened: Open) -> None:
    """A heading sorts by number, not by letter: once up, twice down, thrice as computed; it says which way."""
    page = opened(IRIS)
    heading = page.locator("#rows thead th", has_text="used")
    as_computed = column(page, "used")
    heading.click()
    sorted_as(heading, "ascending")
    up = [float(text) for text in column(page, "used")]
    heading.click()
    sorted_as(heading, "descending")
    down = [float(text) for text in column(page, "used")]
    assert (up, down) == (sorted(up), sorted(down, reverse=True))
    assert down[0] > up[0]
    heading.click()
    sync_api.expect(heading).not_to_have_attribute("aria-sort", "descending")
    assert column(page, "used") == as_computed


def test_small_tables_sort_by_value(opened: Open) -> None:
    """A number written as 4.2e-16 is small: the tables that are in the page sort by what it means."""
    page = opened(IRIS)
    heading = page.locator("#quantities thead th", has_text="worst gap")
    heading.click()
    sorted_as(heading, "ascending")
    number = page.locator("#quantities thead th").all_inner_texts().index(heading.inner_text()) + 1
    texts = page.locator(f"#quantities tbody tr > :nth-child({number})").all_inner_texts()
    values = [float(text.replace(",", "")) for text in texts if text]
    assert values == sorted(values)


def test_rows_are_filtered(opened: Open, made: tuple[Path, list[Comparison]]) -> None:
    """By quantity, status, probe, least share and words; a page of what fails shows that first."""
    page = opened(HOSTILE_PAGE)
    rows = made[1][2].rows
    info = page.locator("#rows .dt-info")
    failing = int((rows["status"] == "apart").sum())
    assert f"of {failing:,} entries" in info.inner_text()
    choice(page, "status").select_option("")
    choice(page, "quantity").select_option("=backward/relu1")
    assert set(column(page, "quantity")) == {"backward/relu1"}
    choice(page, "probe").select_option("=")
    count = int(((rows["quantity"] == "backward/relu1") & (rows["probe"] == "")).sum())
    assert f"of {count} entries" in info.inner_text()
    choice(page, "quantity").select_option("")
    page.get_by_label("used at least").fill("1e3")
    many = int(((rows["used"] >= 1e3) & (rows["probe"] == "")).sum())
    assert f"of {many:,} entries" in info.inner_text()
    page.get_by_label("used at least").fill("")
    page.locator("#rows").get_by_label("Filter").fill("learning_rate")
    assert set(column(page, "quantity")) == {"learning_rate"}


def test_many_rows_stay_quick(opened: Open) -> None:
    """6,000 rows and 20,000 epochs open in two seconds, sort in one, zoom in half; 25 rows are in the document."""
    loads = []
    for _ in range(3):  # the machine may be busy
        page = opened(LONG_PAGE)
        loads.append(float(page.evaluate("document.documentElement.dataset.ready")))
    assert page.locator("#rows tbody tr").count() == 25
    assert f"of {sites.MANY:,} entries" in page.locator("#rows .dt-info").inner_text()
    sorts = [page.evaluate(SORTED_AFTER) for _ in range(3)]
    zooms = [page.evaluate(DRAWN_AFTER) for _ in range(3)]
    assert min(loads) < 2000
    assert min(sorts) < 1000
    assert min(zooms) < 500


def values(page: Any) -> tuple[int, int]:
    """The first and the last epoch that the charts show."""
    return int(page.locator("[name=from]").input_value()), int(page.locator("[name=to]").input_value())


def test_dragging_zooms_and_a_double_click_goes_back(opened: Open) -> None:
    """A part of one chart that is dragged across fills all charts; a double click shows all epochs again."""
    page = opened(LONG_PAGE)
    assert values(page) == (0, sites.EPOCHS - 1)
    page.locator("[name=xAxis]").select_option("linear")
    over = page.locator("[data-chart=loss] .u-over")
    over.scroll_into_view_if_needed()
    box = over.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 60, steps=4)
    page.mouse.up()
    first, last = values(page)
    assert abs(first - sites.EPOCHS / 4) < sites.EPOCHS / 50
    assert abs(last - sites.EPOCHS / 2) < sites.EPOCHS / 50
    over.dblclick(position={"x": 100, "y": 50})
    assert values(page) == (0, sites.EPOCHS - 1)


def test_zoom_without_a_mouse(opened: Open) -> None:
    """Buttons and fields zoom as well, down to two epochs and never beyond the ends."""
    page = opened(LONG_PAGE)
    for _ in range(20):
        page.get_by_role("button", name="Zoom in").press("Enter")
    first, last = values(page)
    assert 1 <= last - first <= 2
    for _ in range(20):
        page.get_by_role("button", name="Zoom out").press("Space")
    assert values(page) == (0, sites.EPOCHS - 1)
    page.locator("[name=from]").fill("19990")
    page.locator("[name=from]").press("Enter")
    assert values(page) == (19990, sites.EPOCHS - 1)
    page.locator("[name=to]").fill("99999")
    page.locator("[name=to]").press("Tab")
    assert values(page) == (19990, sites.EPOCHS - 1)
    page.get_by_role("button", name="All epochs").click()
    assert values(page) == (0, sites.EPOCHS - 1)


def test_hovering_shows_the_exact_values(opened: Open, made: tuple[Path, list[Comparison]]) -> None:
    """The values above a chart are those of the epoch under the pointer, with every digit; on log axes too."""
    page = opened(LONG_PAGE)
    runs = made[1][3].trajectories.pivot(index="epoch", columns="side", values="loss")
    for axis in ("linear", "log"):
        page.locator("[name=xAxis]").select_option(axis)
        page.locator("[name=yAxis]").select_option(axis)
        over = page.locator("[data-chart=loss] .u-over")
        over.hover(position={"x": 220, "y": 60})
        epoch = int(page.locator("[data-epoch]").inner_text().replace(",", ""))
        assert 0 < epoch < sites.EPOCHS - 1
        shown = page.locator("[data-chart=loss] output").all_inner_texts()
        assert [float(text) for text in shown[:2]] == [runs["scratch"][epoch], runs["reference"][epoch]]


def test_the_slider_reads_the_values_to_whoever_cannot_hover(opened: Open, made: tuple[Path, list[Comparison]]) -> None:
    """Each arrow key moves one epoch on, writes its values, and says them to a screen reader."""
    page = opened(IRIS)
    slider = page.get_by_role("slider", name="epoch whose values are shown")
    slider.press("Home")
    slider.press("ArrowRight")
    runs = made[1][0].trajectories.pivot(index="epoch", columns="side", values="loss")
    assert page.locator("[data-epoch]").inner_text() == "1"
    assert float(page.locator("[data-chart=loss] output").first.inner_text()) == runs["scratch"][1]
    said = slider.get_attribute("aria-valuetext")
    assert said.startswith("epoch 1: loss ")
    assert str(runs["scratch"][1]) in said


def test_charts_are_drawn_in_both_schemes(opened: Open) -> None:
    """Each chart has ink on it, and other ink at night; a reader who turns on the light has the charts drawn anew."""

    def drawn(page: Any) -> list[str]:
        """What is on each canvas, as a picture."""
        return [canvas.evaluate("canvas => canvas.toDataURL()") for canvas in page.locator(".chart canvas").all()]

    page = opened(IRIS, scheme="dark")
    dark = drawn(page)
    light = drawn(opened(IRIS))
    assert len(dark) == len(light) == 5
    assert all(len(one) > 3000 for one in dark + light)
    assert all(one != other for one, other in zip(dark, light, strict=True))
    page.emulate_media(color_scheme="light")
    page.wait_for_function("before => document.querySelector('.chart canvas').toDataURL() !== before", arg=dark[0])
    page.wait_for_timeout(200)
    assert all(one != other for one, other in zip(drawn(page), dark, strict=True))


def test_a_keyboard_reaches_everything(opened: Open) -> None:
    """Tab goes to the skip link, the menu, every field, heading and button in turn; what has the focus shows it."""
    page = opened(IRIS)
    seen = []
    for _ in range(200):
        page.keyboard.press("Tab")
        where = page.evaluate(
            "() => { const one = document.activeElement; const style = getComputedStyle(one);"
            " return [one.tagName, one.className, one.name || one.textContent.trim().slice(0, 30),"
            " style.outlineStyle !== 'none']; }"
        )
        if where[0] == "BODY":
            break
        seen.append(where)
        assert where[3], f"the focus is not seen on {where}"
    assert seen[0][1] == "skip"
    names = [name for _, _, name, _ in seen]
    wanted = ("Overview", "Environment", "from", "to", "at", "xAxis", "Zoom in", "All epochs")
    assert [name for name in wanted if name not in names] == []
    assert sum(tag == "SUMMARY" for tag, *_ in seen) == 1
    page.locator(".skip").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
    heading = page.locator("#rows thead th", has_text="used")
    page.evaluate("heading => (heading.matches('[tabindex]') ? heading : heading.querySelector('[tabindex]')).focus()",
                  heading.element_handle())  # fmt: skip
    page.keyboard.press("Enter")
    sorted_as(heading, "ascending")


def test_matching_lines_light_up_together(opened: Open) -> None:
    """Under the pointer, or with the focus, a line and its counterpart share a ground of their own; arrows go on."""
    page = opened("topics/dense.html")
    ground = "one => getComputedStyle(one).backgroundColor"
    items = page.locator(".pairs li")
    plain = items.nth(1).evaluate(ground)
    items.nth(1).hover()
    lit = items.nth(1).evaluate(ground)
    assert lit != plain
    assert items.nth(2).evaluate(ground) == plain
    items.first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.mouse.move(0, 0)
    assert items.nth(2).evaluate(ground) == lit
    assert page.evaluate("document.activeElement.innerText").count("self.inputs") == 1


def test_on_a_phone_code_is_stacked(opened: Open) -> None:
    """At 400 pixels the reference's line stands below scratch's, each with its file's name; at 900 beside it."""
    for width, stacked in ((400, True), (900, False)):
        page = opened("topics/dense.html", width)
        left, right = (page.locator(".pairs li").last.locator(".side").nth(k).bounding_box() for k in (0, 1))
        assert (right["y"] >= left["y"] + left["height"] - 1) == stacked
        who = page.locator(".side .who").first.bounding_box()
        assert (who["width"] > 1) == stacked


@pytest.mark.parametrize("path", SMALL)
def test_an_accessibility_checker_finds_nothing(opened: Open, path: str) -> None:
    """Contrast, labels, names and roles pass axe's rules, by day and by night."""
    page = opened(path)
    for _ in by_day_and_night(page, "light"):
        assert violations(page) == []


def test_the_checker_sees_what_is_wrong(opened: Open) -> None:
    """A page with pale text and a picture without words does not pass: the checker works here."""
    page = opened("topics/relu.html")
    page.evaluate("document.querySelector('main').innerHTML += '<p style=\"color:#eee;background:#fff\">pale</p><img>'")
    assert {"color-contrast", "image-alt"} <= {told.split(":")[0] for told in violations(page)}


def test_pages_print(opened: Open) -> None:
    """On paper there are no menus and fields, and no table is wider than a sheet."""
    for path in (IRIS, HOSTILE_PAGE, "topics/dense.html"):
        page = opened(path, 718)  # A4 without its margins, in CSS pixels
        page.emulate_media(media="print")
        assert page.evaluate("document.documentElement.scrollWidth") <= 718, path
        assert not page.locator(".menu").is_visible()
        assert page.locator(".controls:visible, .dt-paging:visible").count() == 0
        assert page.pdf().startswith(b"%PDF")
