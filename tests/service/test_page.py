"""The page in a browser: signing in, creating a campaign, suggesting, recording, uploading and amending.

Needs Chromium and its driver (Debian: chromium, chromium-driver). `DESIGNER_SCREENSHOTS=docs/images` writes the
pictures of the documents while it runs.
"""

from __future__ import annotations

import io
import os
import shutil
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("selenium", reason="selenium is not installed: pip install selenium")

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from designer.documents import load_document
from designer.observations.images.image_files import png_of
from designer.service.http.form_content import form_content
from designer.service.store.accounts import Accounts
from designer.service.store.paths import LabPaths
from tests.service.live import Live

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
PATIENCE = 90.0
PAGES = (
    "/login", "/", "/new", "/new?like=nickel-films", "/c/nickel-films", "/compare?c=nickel-films&c=pellets", "/compare",
    "/audit", "/problems", "/api", "/c/no-such-campaign",
)  # fmt: skip
"""Every page of the service, and one that is not there."""
FITS = "return document.documentElement.scrollWidth <= 390 && innerWidth == 390"
CAMPAIGN: dict[str, Any] = {
    "designer": 1,
    "name": "nickel-films",
    "space": [
        {"name": "film", "kind": "composition", "elements": ["Ni", "Fe", "Co", "Ce"], "unit": "at.%", "step": 10,
         "max_nonzero": 3},
        {"name": "anneal_temperature", "kind": "numeric", "unit": "degC", "bounds": [300, 600], "step": 25},
        {"name": "anneal_time", "kind": "numeric", "unit": "min", "bounds": [5, 500], "scale": "log"},
        {"name": "atmosphere", "kind": "categorical", "choices": ["N2", "air"]},
    ],
    "targets": [{"name": "overpotential", "unit": "mV", "goal": "minimize", "reach": 320}],
    "batch_size": 2,
    "initial": 6,
    "budget": 40,
}  # fmt: skip


class Browser:
    """A signed-in browser, with helpers."""

    def __init__(self, driver: webdriver.Chrome, live: Live, token: str) -> None:
        self.driver, self.live, self.token = driver, live, token

    def open(self, path: str) -> None:
        self.driver.get(self.live.url + path)

    def find(self, selector: str) -> Any:
        return self.until(lambda: self.driver.find_element(By.CSS_SELECTOR, selector))

    def all(self, selector: str) -> list[Any]:
        return list(self.driver.find_elements(By.CSS_SELECTOR, selector))

    def text(self, selector: str) -> str:
        return str(self.find(selector).text)

    def until(self, look: Callable[[], Any]) -> Any:
        """Return what `look` finds, when it finds something; pages reload under it."""
        from selenium.common.exceptions import WebDriverException

        end, last = time.monotonic() + PATIENCE, None
        while time.monotonic() < end:
            try:
                found = look()
                if found:
                    return found
            except WebDriverException as error:
                last = error
            time.sleep(0.03)
        raise AssertionError(f"not found on {self.driver.current_url}: {last or look}; it says {self.browser_errors()}")

    def click(self, selector: str) -> None:
        def act() -> bool:
            element = self.driver.find_element(By.CSS_SELECTOR, selector)
            self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
            element.click()
            return True

        self.until(act)

    def type(self, selector: str, text: str) -> None:
        element = self.find(selector)
        element.clear()
        element.send_keys(text)

    def picture(self, name: str, height: int | None = None, part: str | None = None) -> None:
        """Write a picture of the page for the documents, if they are being written."""
        folder = os.environ.get("DESIGNER_SCREENSHOTS")
        if folder is None:
            return
        from PIL import Image

        self.driver.execute_script("document.activeElement?.blur(); scrollTo(0, 0)")
        metrics = self.driver.execute_script("return [innerWidth, document.documentElement.scrollHeight]")
        size = {"width": metrics[0], "height": height or metrics[1], "deviceScaleFactor": 2, "mobile": metrics[0] < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        time.sleep(0.5)
        shot = self.find(part).screenshot_as_png if part else self.driver.get_screenshot_as_png()
        Image.open(io.BytesIO(shot)).convert("RGB").quantize(128).save(Path(folder) / f"{name}.png", optimize=True)
        self.wide()

    def wide(self) -> None:
        self._resize(1200, 900)

    def narrow(self) -> None:
        self._resize(390, 844)

    def _resize(self, width: int, height: int) -> None:
        size = {"width": width, "height": height, "deviceScaleFactor": 2, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        return self.live.call(self.token, method, path, body)

    def browser_errors(self) -> list[str]:
        """Return errors in the browser's log: of scripts, and of the content security policy."""
        return [
            entry["message"]
            for entry in self.driver.get_log("browser")
            if entry["level"] == "SEVERE" and "status of 4" not in entry["message"]
        ]


@pytest.fixture
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if CHROMIUM is None or DRIVER is None:
        pytest.skip("Chromium and its driver are not installed (Debian: chromium, chromium-driver)")
    paths = LabPaths.of(tmp_path_factory.mktemp("page") / "lab")
    store = paths.open_store()
    token = Accounts(store).create("ada", "steer")
    store.close()
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for option in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"):
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    with Live(paths.folder) as live:
        driver = webdriver.Chrome(options=options, service=Service(DRIVER))
        try:
            browser = Browser(driver, live, token)
            browser.wide()
            yield browser
        finally:
            driver.quit()


def test_campaigns_are_begun_by_the_form(browser: Browser) -> None:
    sign_in(browser)
    begin_by_form(browser)
    begin_by_form_with_past_campaigns(browser)
    begin_by_form_with_further_keys(browser)
    begin_by_form_with_cells_and_costs(browser)
    begin_by_form_with_contexts(browser)
    begin_like_another(browser)
    examples_go_through_the_form(browser)
    assert browser.browser_errors() == []


def test_the_page_from_sign_in_to_results(browser: Browser, tmp_path: Path) -> None:
    """One test, since each step needs those before, and a browser is slow to start."""
    sign_in(browser)
    begin_by_form(browser)
    begin_by_file(browser)
    path = "/c/nickel-films"
    browser.open(path)
    suggest(browser)
    record_and_fail(browser)
    upload(browser, tmp_path)
    paste(browser)
    hover(browser)
    upload_a_curve_and_an_image(browser, tmp_path)
    browser.open(path)
    save_pictures(browser)
    amend(browser)
    undo(browser)
    explain(browser)
    somebody_else(browser)
    phone(browser, path)
    find_by_keyboard(browser, path)
    assert serious_findings(browser) == []
    assert browser.browser_errors() == []


def test_axe_core_is_there() -> None:
    if axe_core() is None:
        pytest.skip("axe-core is not installed, so that no page was tested with it: pip install axe-core-python")


def sign_in(browser: Browser) -> None:
    browser.open("/c/nickel-films")
    assert "/login" in browser.driver.current_url
    browser.type("[name=token]", "dsg_wrong_token")
    browser.find("[name=token]").send_keys(Keys.ENTER)
    assert "unknown" in browser.text("#wrong")
    browser.open("/login")
    browser.type("[name=token]", browser.token)
    browser.find("[name=token]").send_keys(Keys.ENTER)
    assert "There are no campaigns yet" in browser.until(lambda: browser.text("main"))


def begin_by_form(browser: Browser) -> None:
    browser.open("/new")
    browser.type("#by-form [name=name]", "pellets")
    for key, text in {"name": "T", "unit": "degC", "bounds.0": "900", "bounds.1": "300"}.items():
        browser.type(f"[data-list=space] [data-key='{key}']", text)
    browser.click("[data-add=categorical]")
    browser.type("[data-kind=categorical] [data-key=name]", "gas")
    browser.type("[data-kind=categorical] [data-key=choices]", "N2, air")
    browser.type("[data-list=targets] [data-key=name]", "strength")
    browser.type("[data-list=targets] [data-key=unit]", "MPa")
    browser.click("#by-form button.main")
    assert "bounds [900, 300] are the wrong way round" in browser.until(lambda: browser.text("#by-form .faults"))
    assert browser.find("[data-key='bounds.0']").get_attribute("aria-invalid") == "true"
    browser.picture("page-new")
    browser.type("[data-key='bounds.0']", "300")
    browser.type("[data-key='bounds.1']", "900")
    browser.click("#by-form button.main")
    browser.until(lambda: browser.driver.current_url.endswith("/c/pellets"))
    assert browser.text("h1") == "pellets"


def fill(browser: Browser, within: str, values: dict[str, str]) -> None:
    """Fill in fields of the last entry of a list, or of the settings, by their keys."""
    for key, text in values.items():
        browser.driver.execute_script(
            "const entry = [...document.querySelectorAll(arguments[0])].at(-1);"
            "const field = entry.querySelector(`[data-key='${arguments[1]}']`);"
            "field.value = arguments[2]; field.dispatchEvent(new Event('change'))",
            within, key, text,
        )  # fmt: skip


def begin_by_form_with_past_campaigns(browser: Browser) -> None:
    rows = [{"T": t, "gas": "N2", "strength": 600 - abs(t - 500)} for t in (300, 400, 500, 600, 700)]
    browser.call("POST", "/campaigns/pellets/measurements?attach=true", {"rows": rows})
    browser.open("/new")
    browser.type("#by-form [name=name]", "pellets-2")
    space = "[data-list=space] > .lines > .line"
    fill(browser, space, {"name": "T", "unit": "degC", "bounds.0": "300", "bounds.1": "900"})
    browser.click("[data-add=categorical]")
    fill(browser, space, {"name": "gas", "choices": "N2, air"})
    fill(browser, "[data-list=targets] > .lines > .line", {"name": "strength", "unit": "MPa"})
    browser.click("[data-find]")
    browser.until(lambda: "1 past campaign looks like this one" in browser.text("[data-past] .outcome"))
    assert "5 results; measured strength" in browser.text("[data-found]")
    browser.click("[data-found] input")
    browser.click("[data-preview]")
    browser.until(lambda: browser.all("[data-past] .effect tbody tr"))
    browser.picture("page-past-campaigns", part="[data-past]")
    browser.click("#by-form button.main")
    browser.until(lambda: browser.driver.current_url.endswith("/c/pellets-2"))
    (published,) = browser.call("GET", "/past-tasks")["entries"]
    created = browser.call("GET", "/campaigns/pellets-2/history")["events"][-1]
    assert (published["family"], created["kind"]) == ("pellets", "created")


def begin_by_form_with_further_keys(browser: Browser) -> None:
    browser.open("/new")
    browser.type("#by-form [name=name]", "slurry")
    space, targets = "[data-list=space] > .lines > .line", "[data-list=targets] > .lines > .line"
    fill(browser, space, {"name": "T", "bounds.0": "300", "bounds.1": "900", "step": "10", "vary": "per_batch",
                          "at_most_changes": "3"})  # fmt: skip
    browser.click("[data-add=mixture]")
    fill(browser, space, {"name": "solvent", "components": "EC, DMC, EMC", "zero_or": "EC"})
    browser.click("[data-add=categorical]")
    fill(browser, space, {"name": "gas", "choices": "N2, 5"})
    browser.click("[data-add=numeric]")
    fill(browser, space, {"name": "flow", "values": "1, 2.5, 10", "when": "gas == N2"})
    fill(browser, targets, {"name": "y", "scale": "log", "reach": "5", "limits.1": "1e6"})
    browser.driver.execute_script("document.querySelector('#by-form').constraints.value = 'solvent.EC <= 50\\n'")
    fill(browser, "[data-settings]", {"initial.kind": "d-optimal", "initial.model": "linear", "initial.number": "2"})
    browser.click("#by-form button.main")
    browser.until(lambda: "2 runs cannot estimate" in browser.text("#by-form .faults"))
    assert browser.find("[data-key='initial.number']").get_attribute("aria-invalid") == "true"
    fill(browser, "[data-settings]", {"initial.number": "12"})
    browser.click("#by-form button.main")
    browser.until(lambda: browser.driver.current_url.endswith("/c/slurry"))
    made = browser.call("GET", "/campaigns/slurry")
    assert [(each["name"], each["kind"]) for each in made["parameters"]] == [
        ("T", "numeric"), ("solvent", "mixture"), ("gas", "categorical"), ("flow", "numeric")
    ]  # fmt: skip
    furnace, solvent, gas, flow = made["parameters"]
    assert (furnace["vary"], furnace["at_most_changes"], furnace["step"]) == ("per_batch", 3, 10)
    assert (solvent["components"], solvent["unit"], solvent["zero_or"]) == (["EC", "DMC", "EMC"], "percent", ["EC"])
    assert gas["choices"] == ["N2", "5"]
    assert (flow["values"], flow["when"]) == ([1, 2.5, 10], "gas == N2")
    assert made["targets"][0]["scale"] == "log"


def begin_by_form_with_cells_and_costs(browser: Browser) -> None:
    browser.open("/new")
    browser.type("#by-form [name=name]", "reactors")
    space, cells = "[data-list=space] > .lines > .line", "[data-list=diversify_by] > .lines > .line"
    fill(browser, space, {"name": "T", "bounds.0": "300", "bounds.1": "900"})
    browser.click("[data-add=categorical]")
    fill(browser, space, {"name": "reactor", "choices": "A, B"})
    fill(browser, "[data-list=targets] > .lines > .line", {"name": "y"})
    browser.click("[data-add=cells]")
    fill(browser, cells, {"parameter": "furnace"})
    settings = {"budget.experiments": "30", "budget.cost": "90", "cost": "(4 if reactor == A, 2)"}
    fill(browser, "[data-settings]", settings)
    browser.click("#by-form button.main")
    browser.until(lambda: "furnace" in browser.text("#by-form .faults"))
    assert browser.find("[data-list=diversify_by] [data-key=parameter]").get_attribute("aria-invalid") == "true"
    fill(browser, cells, {"parameter": "reactor"})
    browser.click("#by-form button.main")
    browser.until(lambda: browser.driver.current_url.endswith("/c/reactors"))
    assert browser.call("GET", "/campaigns/reactors")["budget"] == 30
    assert "90" in browser.text("main")


def begin_by_form_with_contexts(browser: Browser) -> None:
    browser.open("/new")
    browser.type("#by-form [name=name]", "coatings")
    space = "[data-list=space] > .lines > .line"
    fill(browser, space, {"name": "T", "bounds.0": "300", "bounds.1": "900"})
    fill(browser, "[data-list=targets] > .lines > .line", {"name": "y"})
    browser.click("[data-add=numeric]")
    humidity = {"name": "humidity", "bounds.0": "10", "bounds.1": "90", "role": "context", "context.low": "20"}
    fill(browser, space, {**humidity, "context.high": "95"})
    browser.click("#by-form button.main")
    browser.until(lambda: "95" in browser.text("#by-form .faults"))
    assert len(browser.all("[data-key^='context.'][aria-invalid=true]")) == 1
    fill(browser, space, {"context.high": "80"})
    browser.click("#by-form button.main")
    browser.until(lambda: browser.driver.current_url.endswith("/c/coatings"))
    assert [each["name"] for each in browser.call("GET", "/campaigns/coatings")["parameters"]] == ["T", "humidity"]


def begin_like_another(browser: Browser) -> None:
    browser.open("/new?like=coatings")
    browser.until(lambda: browser.find("[name=name]").get_attribute("value") == "coatings")
    browser.type("#by-form [name=name]", "coatings-2")
    browser.click("#by-form button.main")
    browser.until(lambda: browser.driver.current_url.endswith("/c/coatings-2"))
    first, second = (browser.call("GET", f"/campaigns/{name}") for name in ("coatings", "coatings-2"))
    assert [first[key] for key in ("parameters", "targets")] == [second[key] for key in ("parameters", "targets")]


def examples_go_through_the_form(browser: Browser) -> None:
    """Every example campaign fills the form, and what the form would send is the campaign."""
    browser.open("/new")
    script = (
        "const [given, done] = arguments;"
        "import(document.querySelector('script[src*=\"new.js\"]').src).then(page => {page.fill(given);"
        "done(page.campaign())}).catch(error => done(String(error)))"
    )
    for path in sorted((Path(__file__).parents[2] / "campaigns").glob("*.yaml")):
        data = dict(load_document(path).data)
        content = form_content(data)
        sent = browser.driver.execute_async_script(script, content)
        programs = [data, *data.get("observations", [])] if content and content["left_out"] else []
        for each in programs:
            each.pop("measure", None)
        assert sent == data, path.name


def begin_by_file(browser: Browser) -> None:
    import yaml

    browser.open("/new")
    browser.click("#tab-file")
    browser.type("[name=yaml]", "designer: 1\nname: x\nmeasure: {kind: command, argv: [ls]}")
    browser.click("#by-file button.main")
    assert "line 3: an uploaded campaign cannot measure by 'command'" in browser.until(
        lambda: browser.text("#by-file .faults")
    )
    browser.type("[name=yaml]", yaml.safe_dump(CAMPAIGN, sort_keys=False))
    browser.click("#by-file button.main")
    browser.until(lambda: browser.driver.current_url.endswith("/c/nickel-films"))


def suggest(browser: Browser) -> None:
    browser.type("[data-suggest] [name=n]", "6")
    browser.click("[data-suggest] button")
    browser.until(lambda: len(browser.all(".card")) == 6)
    assert [each.text.split()[0] for each in browser.all(".card h3")] == [f"S000{i}" for i in range(1, 7)]


def record_and_fail(browser: Browser) -> None:
    value = "[data-record=S0001] [data-target]"
    browser.type(value, "0,4")
    browser.find(value).send_keys(Keys.ENTER)
    assert "write a decimal point" in browser.until(lambda: browser.text("[data-record=S0001] .faults"))
    browser.type(value, "412 kg")
    browser.find(value).send_keys(Keys.ENTER)
    assert "kg" in browser.until(lambda: browser.text("[data-record=S0001] .faults"))
    field = browser.find(value)
    assert field.get_attribute("aria-invalid") == "true"
    assert "kg" in browser.text(f"#{field.get_attribute('aria-describedby')}"), "the fault is beside its field"
    browser.type(value, "0.412 V")
    browser.find(value).send_keys(Keys.ENTER)
    browser.until(lambda: not browser.all("[data-record=S0001]"))
    assert "412" in browser.text("#main .table")
    browser.click("[data-ask=failure][data-subject=S0002]")
    browser.until(lambda: browser.find("#ask").get_attribute("open"))
    browser.find("#ask [name=reason]").send_keys("film peeled" + Keys.ENTER)
    browser.until(lambda: not browser.all("[data-record=S0002]"))
    browser.click("[data-ask=withdrawal][data-subject=S0003]")
    browser.find("#ask [name=reason]").send_keys(Keys.ENTER)
    browser.until(lambda: not browser.all("[data-record=S0003]"))
    state = browser.call("GET", "/campaigns/nickel-films")
    assert (state["recorded"], state["failed"], state["withdrawn"], state["open"]) == (1, 1, 1, 3)


def paste(browser: Browser) -> None:
    recorded = browser.call("GET", "/campaigns/nickel-films")["recorded"]
    rows = "suggestion\toverpotential [mV]\nS0001\t412\n"
    browser.driver.execute_script(
        "const field = document.querySelector('[name=pasted]');"
        "field.value = arguments[0]; field.dispatchEvent(new Event('input'))",
        rows,
    )
    browser.until(lambda: "pasted.csv: 0 rows to record, 1 already recorded" in browser.text(".outcome"))
    assert browser.call("GET", "/campaigns/nickel-films")["recorded"] == recorded


def hover(browser: Browser) -> None:
    """The value of a point is shown where the pointer is, and by the arrow keys."""
    picture = browser.find("[data-points]")
    browser.driver.execute_script("arguments[0].scrollIntoView({block: 'center'}); arguments[0].focus()", picture)
    picture.send_keys(Keys.ARROW_RIGHT)
    assert browser.until(lambda: browser.text(".tip")) == "S0001: 412 mV"
    picture.send_keys(Keys.ARROW_RIGHT)
    browser.until(lambda: browser.text(".tip") != "S0001: 412 mV")
    browser.driver.execute_script(
        "const box = arguments[0].getBoundingClientRect();"
        "const tip = document.querySelector('.tip').getBoundingClientRect();"
        "arguments[0].blur();"
        "arguments[0].dispatchEvent(new PointerEvent('pointermove', {clientX: tip.left, clientY: tip.top - 10}))",
        picture,
    )
    assert browser.until(lambda: browser.text(".tip")) == "S0002 failed: film peeled"


def save_pictures(browser: Browser) -> None:
    assert browser.find(".save a[download]").get_attribute("aria-label") == "Save overpotential as SVG"
    browser.driver.execute_script(
        "window.saved = null; HTMLAnchorElement.prototype.click = function () { window.saved = this.download; }"
    )
    browser.click(".save [data-png]")
    saved = browser.until(lambda: browser.driver.execute_script("return window.saved"))
    assert saved == "nickel-films overpotential.png"


def upload_a_curve_and_an_image(browser: Browser, tmp_path: Path) -> None:
    observations = [{"name": "xrd", "kind": "curve"}, {"name": "sem", "kind": "image"}]
    campaign = {**CAMPAIGN, "name": "observed-films", "observations": observations, "batch_size": 1}
    browser.call("POST", "/campaigns", campaign)
    browser.call("POST", "/campaigns/observed-films/suggestions?wait=60", {"n": 1})
    browser.open("/c/observed-films")
    (tmp_path / "scan.xy").write_text("10 1\n20 5\n30 2\n")
    (tmp_path / "micrograph.png").write_bytes(png_of(np.eye(8)))
    browser.find("[data-curve-file=xrd]").send_keys(str(tmp_path / "scan.xy"))
    browser.find("[data-curve-file=sem]").send_keys(str(tmp_path / "micrograph.png"))
    browser.type("[data-record=S0001] [data-target=overpotential]", "388")
    browser.find("[data-record=S0001] [data-target=overpotential]").send_keys(Keys.ENTER)
    browser.until(lambda: not browser.all("[data-record=S0001]"))
    (made,) = browser.call("GET", "/campaigns/observed-films/measurements")["measurements"]
    assert made["observed"] == {"xrd": "10:1; 20:5; 30:2", "sem": "micrograph.png"}
    sources = [str(each.get_attribute("src")) for each in browser.all("img")]
    assert sum("curves.svg?observation=" in each for each in sources) == 2, sources


def upload(browser: Browser, tmp_path: Path) -> None:
    sheet = tmp_path / "plate 7.csv"
    sheet.write_text("suggestion,overpotential [mV]\nS0004,388\nS0005,warm\nS0006,401\nS0009,1\n")
    browser.find("[data-upload] [type=file]").send_keys(str(sheet))
    outcome = browser.until(lambda: "row" in browser.text(".outcome thead") and browser.text(".outcome"))
    assert "plate 7.csv: 2 rows to record, 2 with faults." in outcome
    assert "3 overpotential [mV] 'warm' is not a number" in outcome
    assert browser.call("GET", "/campaigns/nickel-films")["recorded"] == 1, "nothing is recorded before"
    browser.picture("page-table", part="[data-upload]")
    browser.click(".outcome button")
    browser.until(lambda: len(browser.all("[data-record]")) == 1)
    assert browser.call("GET", "/campaigns/nickel-films")["recorded"] == 3
    value = "[data-record=S0005] [data-target]"
    browser.type(value, "9000")
    browser.find(value).send_keys(Keys.ENTER)
    assert "is far outside the results so far" in browser.until(lambda: browser.text("[data-record=S0005] .faults"))
    browser.type(value, "371")
    browser.find(value).send_keys(Keys.ENTER)
    browser.until(lambda: not browser.all("[data-record]"))


def amend(browser: Browser) -> None:
    browser.click("[data-amend=M0001]")
    browser.until(lambda: browser.find("#amend").get_attribute("open"))
    browser.type("#amend [data-target]", "409")
    browser.find("#amend [name=reason]").send_keys("read again" + Keys.ENTER)
    browser.until(lambda: "amended M0001: overpotential 409 (read again)" in browser.text(".history"))


def undo(browser: Browser) -> None:
    assert browser.text("[data-undo]") == "Undo: the amendment of M0001"
    browser.click("[data-undo] button")
    browser.until(lambda: "409" not in browser.text("#main .table"))
    assert "undid event" in browser.text(".history")
    assert browser.text("[data-undo]") == "Undo: the result M0004 of S0005"


def explain(browser: Browser) -> None:
    browser.type("[data-suggest] [name=n]", "2")
    browser.click("[data-suggest] button")
    browser.until(lambda: len(browser.all(".card")) == 2)
    browser.until(lambda: len(browser.all(".expects .reasons")) >= 4)
    assert "90 % interval" in browser.text(".card .expects")
    browser.until(lambda: browser.driver.execute_script("return [...document.images].every((i) => i.naturalWidth > 0)"))
    browser.picture("page-campaign", 1500)
    browser.click(".because summary")
    assert "What matters" in browser.text(".because")


def somebody_else(browser: Browser) -> None:
    etag = browser.find("[data-campaign]").get_attribute("data-etag")
    browser.call("POST", "/campaigns/nickel-films/suggestions/S0008/failure", {"reason": "cracked"})
    now = browser.call("GET", "/campaigns/nickel-films")
    assert etag != f"{now['version']}.0"
    browser.open("/")
    assert "nickel-films" in browser.text(".tiles")
    browser.picture("page-campaigns", 620)


def phone(browser: Browser, path: str) -> None:
    browser.narrow()
    for each in PAGES:
        browser.open(each)
        browser.until(lambda: browser.driver.execute_script(FITS))
    browser.open(path)
    browser.until(lambda: browser.all(".expects .reasons"))
    small = browser.driver.execute_script(
        "return [...document.querySelectorAll('.card button')].filter((b) => b.offsetHeight < 40).length"
    )
    assert small == 0, "a finger needs 40 pixels"
    browser.picture("page-phone", 1100)


def axe_core() -> str | None:
    """Return the script of axe-core; None where it is not installed."""
    found = find_spec("axe_core_python")
    if found is None or not found.submodule_search_locations:
        return None
    return (Path(next(iter(found.submodule_search_locations))) / "axe.min.js").read_text(encoding="utf-8")


def serious_findings(browser: Browser) -> list[str]:
    """Return what the rules of axe-core find on every page in both themes; cards are on the campaign's page."""
    axe, serious = axe_core(), list[str]()
    if axe is None:
        return serious
    browser.wide()
    run = "axe.run(document, {resultTypes: ['violations']}).then((found) => arguments[0](found.violations))"
    for path in PAGES:
        browser.open(path)
        browser.until(lambda: browser.find("h1").is_displayed())
        browser.until(lambda: len(browser.all(".expects .reasons")) >= len(browser.all(".expects")))
        browser.driver.execute_script(axe)
        for theme in ("light", "dark"):
            theme_now = {"features": [{"name": "prefers-color-scheme", "value": theme}]}
            browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", theme_now)
            violations = browser.driver.execute_async_script(run)
            serious += [
                f"{path}, {theme}: {each['id']}" for each in violations if each["impact"] in ("serious", "critical")
            ]
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    return serious


def find_by_keyboard(browser: Browser, path: str) -> None:
    """Each thing that can be pressed is reached by Tab, has a name, and shows that it is reached."""
    browser.wide()
    browser.open(path)
    names = browser.driver.execute_script(
        "return [...document.querySelectorAll('a, button, input, select, textarea')].filter((e) => e.offsetParent)"
        ".filter((e) => !(e.textContent.trim() || e.ariaLabel || e.closest('label') || e.title))"
        ".map((e) => e.outerHTML)"
    )
    assert names == []
    body = browser.find("body")
    reached = []  # type: ignore[var-annotated]
    for _ in range(12):
        (body if not reached else browser.driver.switch_to.active_element).send_keys(Keys.TAB)
        reached.append(browser.driver.execute_script("return document.activeElement.textContent.trim()"))
    assert reached[0] == "Skip to the content"
    assert {"Campaigns", "New", "API", "Sign out", "Report", "Suggest"} <= set(reached)
