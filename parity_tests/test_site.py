"""The report's site as files: what is there, that links lead somewhere, that names are text, how big it is."""

import base64
import hashlib
import html.parser
import json
import re
import zlib
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from parity_tests import sites
from reports.cases import CASES
from reports.equations.step import equations
from reports.pipeline import Comparison
from reports.show import explorer, rows
from reports.show.formulas import Formulas
from reports.show.lesson_html import highlighted
from reports.show.packed import packed, script
from reports.show.paths import slug
from reports.show.site import assets, write_site
from reports.show.tables import worst_rows

TYPES = {"u8": "<u1", "u16": "<u2", "u32": "<u4", "i16": "<i2", "i32": "<i4", "f32": "<f4", "f64": "<f8"}
FLOAT32 = float(np.finfo(np.float32).eps) / 2  # what rounding to float32 changes a number by, relative to it
HOSTILE_PAGE = f"cases/{slug(sites.HOSTILE)}-float32.html"
Made = tuple[Path, list[Comparison]]


@pytest.fixture(scope="module")
def made(site: Made) -> Made:
    """The site, in a folder whose name has a space, and its comparisons."""
    return site


class Page(html.parser.HTMLParser):
    """What a page points at, its ids, its element names and its text."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.tags: list[str] = []
        self.text = ""
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Notes what an element points at."""
        self.tags.append(tag)
        for name, value in attributes:
            if name in ("href", "src") and value:
                self.links.append(value)
            if name == "id" and value:
                self.ids.add(value)

    def handle_data(self, data: str) -> None:
        """Gathers the text."""
        self.text += data


def pages(out: Path) -> dict[str, Page]:
    """Every page of a site by its path."""
    return {file.relative_to(out).as_posix(): Page(file) for file in sorted(out.rglob("*.html"))}


def unpacked(column: dict[str, Any]) -> list[Any]:
    """A packed column's values, as the browser reads them."""
    if "words" in column:
        return [column["words"][code] for code in unpacked(column["codes"])]
    return np.frombuffer(base64.b64decode(column["data"]), TYPES[column["type"]]).tolist()


def test_the_folder_holds_a_page_for_everything(made: Made) -> None:
    """An overview, a page per case and dtype, a page per topic and departure; data and assets beside them."""
    found = set(pages(made[0]))
    assert found == {
        "index.html", "cases/iris-float64.html", "cases/ann3-float32.html", HOSTILE_PAGE,
        f"cases/{sites.LONG}-float64.html", "topics/dense.html", "topics/relu.html", "departures/momentum.html",
        "faults.html",
    }  # fmt: skip
    for name in ("iris-float64.js", "iris-float64-allowances.svg", "ann3-float32-regions.svg"):
        assert (made[0] / "assets" / "data" / name).is_file()
    assert not [file.name for file in made[0].rglob(".*") if file.name != ".gitignore"]


def test_every_link_leads_somewhere(made: Made) -> None:
    """Each link, script, style and picture is a relative path to a file that is there, and each # an id there."""
    found = pages(made[0])
    for path, page in found.items():
        for link in page.links:
            if link == "data:,":
                continue
            assert not re.match(r"[a-z]+:|/", link), f"{path}: {link}"
            target, _, fragment = link.partition("#")
            file = (made[0] / path).parent / target if target else made[0] / path
            assert file.is_file(), f"{path}: {link}"
            if fragment:
                assert fragment in found[file.resolve().relative_to(made[0].resolve()).as_posix()].ids, (
                    f"{path}: {link}"
                )


def test_no_page_names_an_address_outside(made: Made) -> None:
    """No page, style or script of our own holds an address of a network but the names of XML's vocabularies."""
    ours = [*made[0].rglob("*.html"), *made[0].rglob("*.svg"), made[0] / "assets/site.js", made[0] / "assets/style.css"]
    for file in ours:
        text = file.read_text(encoding="utf-8")
        found = set(re.findall(r"(?:https?:)?//[\w.-]+\.[a-z]+[^\"'\s<>)]*", text))
        names = ("//www.w3.org/", "//purl.org/", "//creativecommons.org/", "//matplotlib.org/")
        assert not {one for one in found if not one.partition(":")[2].startswith(names)}, file.name


def test_no_page_needs_modules_or_fetch(made: Made) -> None:
    """Scripts are classic ones with data in them: modules and fetch do not work from disk."""
    for file in made[0].rglob("*.html"):
        assert 'type="module"' not in file.read_text(encoding="utf-8")
    assert not re.search(r"\bfetch\(|XMLHttpRequest|\bimport\b", assets()["assets/site.js"])


def test_names_are_text_and_nothing_else(made: Made) -> None:
    """A case, a layer, a sentence or a line of code that looks like HTML is shown; it makes no element."""
    found = pages(made[0])
    for path, page in found.items():
        assert page.tags.count("script") <= 4, path
        assert all(link.endswith((".js", ".css", ".html", ".svg", "data:,")) or "#" in link for link in page.links)
    hostile = found[HOSTILE_PAGE]
    assert sites.HOSTILE in hostile.text
    assert f"parameter/{sites.LAYER}.weights" in hostile.text
    assert "<b>bold</b>" in hostile.text
    assert "alert('prose')" in found["topics/dense.html"].text
    data = (made[0] / "assets/data" / f"{HOSTILE_PAGE[6:-5]}.js").read_text(encoding="utf-8")
    assert not set("<>&\u2028") & set(data)


def test_file_names_are_harmless_and_apart() -> None:
    """A file's name has no way out of its folder, and different names stay different, whatever their case."""
    names = ["a/b", "a-b", "A-B", "a b", "..", "", "con/../..", "é", "x" * 300, sites.HOSTILE]
    slugs = [slug(name) for name in names]
    assert len(set(slugs)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9_-]{1,80}", one) for one in slugs)
    assert slug("ann1-reg-relu") == "ann1-reg-relu"


def test_the_failure_is_on_its_page_and_on_the_first(made: Made) -> None:
    """Both carry the failure text; the case's page says what it looks like and shows the rows that do not pass."""
    found = pages(made[0])
    for path in ("index.html", HOSTILE_PAGE):
        assert "parity is lost first at epoch 0, backward/relu1 (7, 7)" in found[path].text
    assert "the mask is turned round" in found[HOSTILE_PAGE].text
    assert 'value="!" selected' in (made[0] / HOSTILE_PAGE).read_text(encoding="utf-8")
    assert "failure" not in found["cases/iris-float64.html"].ids


def test_the_table_of_rows_is_the_frame(made: Made) -> None:
    """Every row of the comparison is in its data: exact values to the last bit, shares to seven digits."""
    comparison = made[1][2]
    packed_columns = {column["name"]: column["values"] for column in rows.table(comparison)["columns"]}
    assert packed_columns.pop("difference") is None  # made in the browser
    columns = {name: unpacked(values) for name, values in packed_columns.items()}
    frame = comparison.rows
    for name in ("epoch", "quantity", "status", "probe", "shape", "worst_index"):
        assert columns[name] == frame[name].tolist(), name
    for name in ("scratch", "reference"):
        np.testing.assert_array_equal(columns[name], frame[name])
    for name in ("used", "allowed", "local"):
        np.testing.assert_allclose(columns[name], frame[name], rtol=FLOAT32)
    assert columns["says"] == frame["looks_like"].where(frame["looks_like"] != "", frame["hint"]).tolist()
    assert "update" not in columns


def test_the_charts_hold_every_epoch_exactly(made: Made) -> None:
    """From the first epoch to the last, both sides' loss is there to the last bit, and so is the band."""
    comparison = made[1][3]
    charts = explorer.charts(comparison)
    assert charts
    assert charts["epochs"] == sites.EPOCHS
    loss = next(chart for chart in charts["charts"] if chart["name"] == "loss")
    runs = comparison.trajectories.pivot(index="epoch", columns="side", values="loss")
    for one in loss["series"]:
        assert unpacked(one["values"]) == runs[one["label"]].tolist()
    rate = next(chart for chart in charts["charts"] if chart["name"] == "learning_rate")["series"]
    assert [one["values"] is None for one in rate] == [False, True]  # equal everywhere: said once
    replicas = runs[["replica 1", "replica 2"]]
    assert unpacked(loss["band"]["low"]) == replicas.min(axis=1).tolist()
    assert unpacked(loss["band"]["high"]) == replicas.max(axis=1).tolist()
    assert [chart["name"] for chart in charts["charts"]] == ["loss", "accuracy", "learning_rate", "difference", "used"]


def test_the_chart_of_allowances_is_the_worst_of_each_epoch(made: Made) -> None:
    """Each checked epoch shows the greatest share of all quantities, with its name."""
    comparison = made[1][2]
    charts = explorer.charts(comparison)
    assert charts
    used = charts["charts"][-1]
    training = comparison.rows[(comparison.rows["probe"] == "") & (comparison.rows["update"] >= 0)]
    worst = training.groupby("epoch")["used"].max()
    assert unpacked(used["at"]) == worst.index.tolist()
    np.testing.assert_allclose(unpacked(used["series"][0]["values"]), worst, rtol=FLOAT32)
    assert unpacked(used["words"])[0] == "backward/relu1"


@pytest.mark.parametrize(
    ("values", "rough", "kind"),
    [
        (np.array([0, 255]), False, "u8"),
        (np.array([0, 256]), False, "u16"),
        (np.array([70_000]), False, "u32"),
        (np.array([-1, 2]), False, "i16"),
        (np.array([-1, 70_000]), False, "i32"),
        (np.array([-1, 2**40]), False, "f64"),
        (np.array([0.5, np.nan, np.inf]), False, "f32"),
        (np.array([0.1, np.nan]), False, "f64"),
        (np.array([0.1, np.inf]), True, "f32"),
        (np.array([0.1, 1e-300]), True, "f64"),
        (np.array([0.1, 1e300]), True, "f64"),
        (np.array([], float), False, "f32"),
    ],
)
def test_columns_take_the_smallest_type_that_holds_them(values: np.ndarray, rough: bool, kind: str) -> None:
    """Numbers come back as they were, or to seven digits where that was allowed and the range suffices."""
    column = packed(values, rough)
    assert column["type"] == kind
    np.testing.assert_allclose(unpacked(column), values, rtol=FLOAT32 if rough else 0)


def test_repeated_values_become_words() -> None:
    """Few distinct numbers or words are stored once each."""
    assert packed(pd.Series(["a", "b"] * 20))["words"] == ["a", "b"]
    numbers = packed(np.array([0.1, 0.2] * 20))
    assert numbers["words"] == [0.1, 0.2]
    assert unpacked(numbers) == [0.1, 0.2] * 20


def test_a_script_cannot_be_left() -> None:
    """Text in a data script can neither end it nor open another, and reads back as it was."""
    text = '</script><!--<script>\u2028&";alert(1)'
    line = script("data", [text])
    assert re.fullmatch(r'window\.data = "[A-Za-z0-9+/=]+";\n', line)
    assert json.loads(zlib.decompress(base64.b64decode(line.split('"')[1]))) == [text]


def test_a_second_report_leaves_no_page_of_the_first(tmp_path: Path, made: Made) -> None:
    """Pages, data and pictures of cases that are not in the new report are gone; a stranger's file stays."""
    iris = made[1][0]
    (tmp_path / "cases").mkdir()
    (tmp_path / "cases" / "old-float64.html").write_text("stale")
    (tmp_path / "cases" / "notes.txt").write_text("mine")
    write_site(tmp_path, [iris], 0)
    assert {file.name for file in (tmp_path / "cases").iterdir()} == {"iris-float64.html", "notes.txt"}


def test_planted_faults_are_linked_when_they_lie_there(tmp_path: Path, made: Made) -> None:
    """A kill matrix that `parity faults --out` left in the folder becomes a page of the site, in its menu."""
    sites.kill_matrix().to_parquet(tmp_path / "faults.parquet")
    write_site(tmp_path, [made[1][0]], 0)
    found = pages(tmp_path)
    assert "faults.html" in found["index.html"].links
    assert "../faults.html" in found["cases/iris-float64.html"].links
    assert "index.html" in found["faults.html"].links
    assert "2.4" in found["faults.html"].text


def test_without_lessons_or_faults_the_menu_is_short(tmp_path: Path, made: Made) -> None:
    """Nothing is linked that is not there."""
    write_site(tmp_path, [made[1][0]], 0)
    assert not {"Topics", "Departures", "Planted faults"} & set(pages(tmp_path)["index.html"].text.split("\n"))
    assert "faults.html" not in pages(tmp_path)["index.html"].links


def test_the_site_is_small(made: Made) -> None:
    """Everything but the tables is light: 15 MB are the limit of a full report, whose 36 pages share the libraries."""
    sizes = {file: file.stat().st_size for file in made[0].rglob("*") if file.is_file() and file.suffix != ".parquet"}
    assert sum(size for file, size in sizes.items() if "data" not in file.parts) < 1_000_000
    long = sizes[made[0] / "assets" / "data" / f"{sites.LONG}-float64.js"]
    assert long < 60 * sites.MANY + 80 * sites.EPOCHS  # bytes a row, bytes an epoch


def test_worst_rows_are_those_that_fail_and_the_nearest(made: Made) -> None:
    """The CSV holds each row that does not pass, and of each case and quantity the row nearest its limit."""
    written = pd.read_csv(made[0] / "worst.csv")
    frame = pd.concat([one.rows for one in made[1]], ignore_index=True)
    assert len(written) == len(worst_rows(frame))
    assert (written["status"] == "apart").sum() == (frame["status"] == "apart").sum()
    assert set(written["quantity"]) == set(frame["quantity"])
    assert worst_rows(frame.iloc[:0]).empty


def test_libraries_of_others_are_unchanged() -> None:
    """Each vendored file has the sum that VENDORED.txt notes, and its licence lies beside it."""
    folder = files("reports.show") / "assets" / "vendored"
    lines = (folder / "VENDORED.txt").read_text(encoding="utf-8").splitlines()
    noted = {line.split()[4]: line.split()[5] for line in lines if len(line.split()) == 6 and "MIT" in line}
    assert len(noted) == 3
    for name, digest in noted.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest, name
        licence = folder / f"{name.split('.')[0]}.LICENSE.txt"
        assert "MIT License" in licence.read_text(encoding="utf-8")
        assert f"assets/{licence.name}" in assets()
    assert {f"assets/{name}" for name in noted} <= set(assets())


def test_formulas_are_pictures_with_words() -> None:
    """A formula is an SVG with its source as label; two on one page define a glyph once; nonsense is told."""
    typeset = Formulas()
    one, two = typeset("x^2"), typeset("x^2 + y")
    assert one.startswith('<svg class="formula" role="img" aria-label="x^2" ')
    assert "currentColor" in one
    defined = [re.findall(r'<symbol id="([^"]+)"', svg) for svg in (one, two)]
    assert [len(ids) for ids in defined] == [2, 2]
    assert not set(defined[0]) & set(defined[1])
    assert set(re.findall(r'href="#([^"]+)"', two)) == {*defined[0], *defined[1]}
    assert 'aria-label="a &lt; b"' in typeset("a < b")
    with pytest.raises(ValueError, match=r"cannot typeset .*frac"):
        typeset(r"\frac{1}")


def test_every_formula_of_the_equations_can_be_typeset() -> None:
    """Whatever formula a step of any case has, it can stand on a page."""
    typeset = Formulas()
    formulas = {equation.formula for case in CASES.values() for equation in equations(case)}
    assert len(formulas) > 30
    assert all(typeset(formula).startswith("<svg") for formula in formulas)


def test_code_is_coloured_across_lines() -> None:
    """Each line stays a line; a docstring's second line is a string still; what looks like HTML is text."""
    lines = highlighted(["def f():", '    """One,', '    two <b>."""', "", "    return 1"])
    assert len(lines) == 5
    assert 'class="k-sd"' in lines[2]
    assert "&lt;b&gt;" in lines[2]
    assert lines[3] == ""
    assert highlighted([]) == []


def test_matching_lines_stand_in_one_item(made: Made) -> None:
    """Left and right of a row of code share a list item, with their values and the gap below them."""
    text = (made[0] / "topics/dense.html").read_text(encoding="utf-8")
    items = re.findall(r"<li tabindex=\"-?\d\".*?</li>", text, re.DOTALL)
    assert len(items) == 4
    assert "weights" in items[3]
    assert "linear" in items[3]
    assert items[3].count("[[0.5 -0.25]]") == 2
    assert "gap 0" in items[3]
    assert 'href="../departures/momentum.html"' in text
    assert "unknown" not in text
    assert 'aria-label="g W^T"' in text  # a formula in a table
