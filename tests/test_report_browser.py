"""The report in a real browser: it plays, switches, filters, sorts, pages, and asks for nothing."""

import shutil

import numpy as np
import pytest
import soundfile

from wetdry.datasets import Order, generate, scan, write_comparison, write_report
from wetdry.datasets.reports.page import Section, page
from wetdry.datasets.reports.tables import Column, long_table
from wetdry.mixing import load_recipe

pytestmark = pytest.mark.browser

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
EVIL = "</script><img src=x onerror=\"document.title='owned'\">"
EVIL_FOLDER = "<img src=x onerror=document.title='owned'>"  # a folder's name has no slash
ROWS = 130
RATE = 16_000
RECIPE = f"""
sample_rate: {RATE}
seconds: 2
lead_in_s: 0.1
stems: {{all: [{{saturation: {{drive_db: [3, 20]}}}}]}}
"""


@pytest.fixture(scope="module")
def browser():
    """Return the system's Chromium, without a window."""
    driver = pytest.importorskip("playwright.sync_api")
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip("no Chromium on this machine: install the package chromium")
    with driver.sync_playwright() as play:
        options = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        browser = play.chromium.launch(executable_path=path, args=options)
        yield browser
        browser.close()


@pytest.fixture
def opened(browser):
    """Return a function: it opens a page, offline; nothing may go wrong while it is open."""
    context = browser.new_context(viewport={"width": 1100, "height": 800}, offline=True)
    wrong, asked = [], []

    def look(path):
        view = context.new_page()
        view.on("pageerror", lambda error: wrong.append(str(error)))
        view.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        view.on("request", lambda request: asked.append(request.url))
        view.goto(path.as_uri())
        return view

    yield look
    pages = [view.title() for view in context.pages]
    context.close()
    assert wrong == [] and "owned" not in pages
    assert all(url.startswith(("file:", "data:", "blob:")) for url in asked)


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("browser")
    rng = np.random.default_rng(0)
    for song in (EVIL_FOLDER, "two", "three"):
        for stem_class in ("Vocals", "Bass"):
            path = folder / "stems" / song / stem_class / "take.wav"
            path.parent.mkdir(parents=True)
            soundfile.write(path, 0.1 * rng.standard_normal((4 * RATE, 1)), RATE)
    (folder / "recipe.yaml").write_text(RECIPE)
    order = Order(load_recipe(folder / "recipe.yaml"), samples=4)
    generate(order, scan(folder / "stems"), folder / "stems", folder / "data")
    return write_report(folder / "data", folder / "report.html")


@pytest.fixture(scope="module")
def listed(tmp_path_factory):
    """A page with a table of 130 rows, one of them with an evil name."""
    levels = [-float(row) if row % 10 else None for row in range(ROWS)]
    columns = [
        Column("key", [f"train-{row:08d}" for row in range(ROWS)]),
        Column("song", [EVIL if row == 7 else f"song {row % 12}" for row in range(ROWS)]),
        Column("LUFS", levels, 1),
    ]
    path = tmp_path_factory.mktemp("listed") / "page.html"
    path.write_text(page("t", "h", "", [], [Section("S", "", (long_table("rows", columns),))]))
    return path


def cells(view, column):
    return view.locator(f".long tbody tr > :nth-child({column})").all_text_contents()


def until(view, condition, arg=None):
    """Wait until something is so; the page's own policy forbids the driver's way to."""
    for _ in range(600):
        if view.evaluate(condition, arg):
            return
        view.wait_for_timeout(50)
    pytest.fail(f"not so after half a minute: {condition}")


def said(view):
    return view.locator(".pager output").text_content()


def test_pages_of_a_long_list_are_turned_by_keyboard(opened, listed):
    view = opened(listed)
    assert len(cells(view, 1)) == 50 and said(view) == "1 to 50 of 130 rows"
    view.get_by_label("next page of rows").focus()
    view.keyboard.press("Enter")
    assert cells(view, 1)[0] == "train-00000050" and said(view) == "51 to 100 of 130 rows"
    view.get_by_label("last page of rows").click()
    assert len(cells(view, 1)) == 30 and view.get_by_label("next page of rows").is_disabled()
    view.get_by_label("first page of rows").click()
    assert cells(view, 1)[0] == "train-00000000"


def test_filters_keep_what_they_say(opened, listed):
    view = opened(listed)
    view.get_by_label("filter by LUFS").fill("-20..-11")
    assert said(view) == "1 to 9 of 9 rows found of 130"  # of ten, one has no number
    assert set(cells(view, 3)) == {f"−{n}.0" for n in range(11, 20)}
    view.get_by_label("filter by song").fill("SONG 1")
    assert cells(view, 2) == ["song 11", "song 1"]
    view.get_by_label("filter by LUFS").fill("> 5")
    assert cells(view, 1) == [] and said(view) == "none of 130 rows"
    view.get_by_label("filter by LUFS").fill("loud")
    assert view.get_by_label("filter by LUFS").get_attribute("aria-invalid") == "true"


def test_columns_sort_up_down_and_not_with_missing_numbers_last(opened, listed):
    view = opened(listed)
    heading = view.get_by_role("button", name="LUFS")
    heading.click()
    assert cells(view, 3)[:2] == ["−129.0", "−128.0"]
    assert view.locator("th[aria-sort=ascending]").text_content() == "LUFS"
    heading.click()
    assert cells(view, 3)[:2] == ["−1.0", "−2.0"]
    view.get_by_label("last page of rows").click()
    assert cells(view, 3)[-13:] == ["–"] * 13
    heading.click()
    view.get_by_label("first page of rows").click()
    assert cells(view, 1)[0] == "train-00000000"
    view.get_by_role("button", name="song").click()
    assert cells(view, 2)[1:13] == ["song 0"] * 11 + ["song 1"]  # 2 before 11; evil comes first


def test_evil_names_are_only_text(opened, listed, report):
    view = opened(listed)
    assert EVIL in cells(view, 2)
    view = opened(report)
    assert EVIL_FOLDER in view.locator("#samples").text_content()
    assert view.locator("img:not([src^='data:'])").count() == 0


def test_players_play_and_versions_switch_at_the_same_place(opened, report):
    view = opened(report)
    card = view.locator(".listen").first
    card.locator(".play").click()
    until(view, "Listening.playing?.sources && Listening.playing.now() > 0.15")
    for kind in ("dry", "wet", "mixture"):
        before = view.evaluate("[Listening.playing.now(), Listening.playing.began]")
        card.locator(f".kind[data-kind={kind}]").click()
        after = view.evaluate("[Listening.playing.now(), Listening.playing.began]")
        assert after[1] == before[1]  # the same clock: nothing stopped, and nothing began again
        until(
            view,
            "kind => Listening.playing.sources.every(({gain}, n) => {"
            "  const on = Listening.playing.takes[n] === Listening.playing.active;"
            "  return Math.abs(gain.gain.value - on) < 0.02;"
            "}) && Listening.playing.active.dataset.kind === kind",
            arg=kind,
        )
        assert card.locator(".take.on").count() == 1
    card.locator(".play").click()
    assert card.locator(".play").text_content() == "Play"


def test_keys_switch_versions_and_play(opened, report):
    view = opened(report)
    card = view.locator(".listen").first
    card.locator("input[type=range]").focus()
    view.keyboard.press("2")
    assert card.locator(".take.on").get_attribute("data-kind") == "dry"
    home = card.locator(".take.on").get_attribute("data-name").split(",")[0]
    view.keyboard.press("3")
    assert card.locator(".take.on").get_attribute("data-name") == f"{home}, wet"
    view.keyboard.press(" ")
    until(view, "Boolean(Listening.playing?.sources)")


def test_every_excerpt_is_a_sound_that_the_browser_decodes(opened, report):
    view = opened(report)
    seconds = view.evaluate(
        """async () => Promise.all([...document.querySelectorAll("audio")].map(async (audio) =>
             (await decoded(new OfflineAudioContext(2, 1, 44100), audio)).duration))"""
    )
    assert len(seconds) == view.locator(".take").count() > 4
    assert all(abs(length - 2) < 0.1 for length in seconds)
    view.evaluate("document.querySelector('audio').play()")
    until(view, "document.querySelector('audio').currentTime > 0.05")


def test_without_scripts_players_and_first_rows_are_there(browser, report):
    context = browser.new_context(java_script_enabled=False)
    view = context.new_page()
    view.goto(report.as_uri())
    assert view.locator("audio").first.is_visible()
    assert view.locator("#samples tbody tr").count() == 4
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1280])
def test_nothing_runs_out_of_the_page(browser, report, scheme, width):
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    view = context.new_page()
    view.goto(report.as_uri())
    view.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    assert view.evaluate("document.documentElement.scrollWidth") <= width
    context.close()


def test_a_comparison_opens_too(opened, report, tmp_path):
    data = report.parent / "data"
    view = opened(write_comparison(data, data, tmp_path / "both.html"))
    assert EVIL_FOLDER in view.locator("#songs").text_content()
    assert view.locator("#numbers .long tbody tr").count() > 3
