"""The console in a real browser: no script, nothing blocked, usable by keyboard and when narrow."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from assay.core.names import ModelName
from console.console_making import address
from console.test_console_first_administrator import empty_installation
from releases.house import finding

pytestmark = pytest.mark.browser

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDE, NARROW = 1280, 390


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        yield opened
        opened.close()


@dataclass
class Window:
    """A page, and everything the browser complained of."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)

    def go(self, path: str) -> None:
        self.page.goto(f"{self.url}/console{path}")

    def sign_in(self, secret: str) -> None:
        self.go("/")
        self.page.get_by_label("Token").fill(secret)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url("**/console/")


def window(browser: Browser, url: str, width: int = WIDE, scheme: str = "light") -> Window:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, accept_downloads=True
    )
    found = Window(context.new_page(), url)
    found.page.on("console", lambda message: found.complaints.append(message.text))
    found.page.on("pageerror", lambda error: found.complaints.append(str(error)))
    found.page.on("request", lambda request: found.asked.add(request.url))
    return found


def pages_of(shelf) -> list[str]:
    return [
        "/", "/models", "/models/acme/tiny", "/refused", "/log", "/audit", "/people",
        address(shelf.approved, "tiny"), address(shelf.waiting, "odd"),
        address(shelf.denied, "bad"), address(shelf.unread, "odd"),
        address(shelf.quarantined, "new"), address(shelf.held, "held"),
        address(shelf.revoked, "gone"),
    ]  # fmt: skip


@pytest.mark.parametrize(("width", "scheme"), [(WIDE, "light"), (WIDE, "dark"), (NARROW, "light")])
def test_no_page_breaks_its_policy_leaves_the_server_or_overflows(
    browser, on_sqlite, width, scheme
):
    served, shelf = on_sqlite
    seen = window(browser, served.url, width, scheme)
    seen.sign_in(served.token("sam"))
    for path in pages_of(shelf):
        seen.go(path)
        seen.page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
        assert seen.page.locator("h1").count() == 1, path
        assert seen.page.title().endswith("· Assay")
        needed = seen.page.evaluate("document.documentElement.scrollWidth")
        assert needed <= width, f"{path} needs {needed} pixels"
    assert seen.complaints == []
    assert all(url.startswith(served.url) for url in seen.asked)
    seen.page.context.close()


def contrast(browser_page: Page) -> list[str]:
    """Texts whose colour is too near their background's (WCAG 2.2, 1.4.3)."""
    return browser_page.evaluate(
        """() => {
        const parse = c => c.match(/[\\d.]+/g).map(Number);
        const light = ([r, g, b]) => {
            const [x, y, z] = [r, g, b].map(v => (v /= 255) <= 0.04045
                ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
            return 0.2126 * x + 0.7152 * y + 0.0722 * z;
        };
        const ground = e => {
            for (; e; e = e.parentElement) {
                const c = parse(getComputedStyle(e).backgroundColor);
                if (c.length < 4 || c[3] > 0) return c;
            }
            return [255, 255, 255];
        };
        const bad = new Set();
        for (const e of document.querySelectorAll('main *, header *, footer *')) {
            const own = [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim());
            if (!own || !e.checkVisibility()) continue;
            const a = light(parse(getComputedStyle(e).color)), b = light(ground(e));
            const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
            if (ratio < 4.5) bad.add(`${ratio.toFixed(2)} ${e.tagName} ${e.className} ${e.innerText.slice(0, 40)}`);
        }
        return [...bad];
    }"""
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read(browser, on_sqlite, scheme):
    served, shelf = on_sqlite
    seen = window(browser, served.url, WIDE, scheme)
    seen.sign_in(served.token("sam"))
    for path in pages_of(shelf):
        seen.go(path)
        assert contrast(seen.page) == [], path
    seen.page.context.close()


def test_approving_a_suspicious_release_by_keyboard(browser, on_sqlite):
    served, _ = on_sqlite
    model = ModelName("acme", "by-keyboard")
    found = finding(evidence="os.popen")
    release = served.house.evaluated({"m": b"keys"}, model=model, findings=[found])
    seen = window(browser, served.url)
    seen.sign_in(served.token("ben"))
    page = seen.page
    page.get_by_role("link", name="acme/by-keyboard").click()
    expect(page.get_by_text("It is not served")).to_be_visible()
    page.locator("summary", has_text="Approve").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.type("I have looked at it")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("Your approval is recorded")
    expect(page.get_by_text("It is served")).to_be_visible()
    expect(page.get_by_role("cell", name="I have looked at it")).to_be_visible()
    assert served.house.state(release) == "approved"
    assert seen.complaints == []
    seen.page.context.close()


def test_revoking_asks_before_it_goes(browser, on_sqlite):
    served, _ = on_sqlite
    model = ModelName("acme", "by-mouse")
    release = served.house.approved({"m": b"mouse"}, model=model)
    seen = window(browser, served.url)
    seen.sign_in(served.token("sam"))
    seen.go(address(release, "by-mouse"))
    form = seen.page.locator("details", has_text="Withdraws it for good")
    form.locator("summary").click()
    form.get_by_label("Reason").fill("its source was withdrawn")
    form.get_by_role("button", name="Revoke").click()
    assert served.house.state(release) == "approved"
    form.get_by_label("cannot be taken back").check()
    form.get_by_role("button", name="Revoke").click()
    expect(seen.page.get_by_role("status").first).to_contain_text("The release is revoked")
    assert served.house.state(release) == "revoked"
    seen.page.context.close()


def test_the_evidence_is_downloaded_not_shown(browser, on_sqlite):
    served, shelf = on_sqlite
    seen = window(browser, served.url)
    seen.sign_in(served.token("rex"))
    seen.go(address(shelf.approved, "tiny"))
    with seen.page.expect_download() as waiting:
        seen.page.get_by_role("link", name="Download the evidence bundle").click()
    assert waiting.value.suggested_filename.endswith(".evidence.json")
    seen.page.context.close()


def test_the_content_is_reached_past_the_menu(browser, on_sqlite):
    served, _ = on_sqlite
    seen = window(browser, served.url)
    seen.sign_in(served.token("rex"))
    seen.go("/models")
    seen.page.keyboard.press("Tab")
    expect(seen.page.get_by_role("link", name="To the content")).to_be_focused()
    seen.page.keyboard.press("Enter")
    expect(seen.page).to_have_url(re.compile("#main$"))
    expect(seen.page.get_by_role("link", name="Models", exact=True)).to_have_attribute(
        "aria-current", "page"
    )
    seen.page.context.close()


def test_a_wrong_token_is_told_in_the_form(browser, on_sqlite):
    served, _ = on_sqlite
    seen = window(browser, served.url)
    seen.go("/sign-in")
    seen.page.get_by_label("Token").fill("assay_" + "x" * 43)
    seen.page.get_by_role("button", name="Sign in").click()
    expect(seen.page.get_by_role("alert")).to_contain_text("The token is not valid")
    seen.page.context.close()


def test_the_first_administrator_signs_in_through_the_link(browser, tmp_path):
    with empty_installation(tmp_path / "home") as (_, url, secret):
        seen = window(browser, url)
        page = seen.page
        seen.go(f"/first/{secret}")
        expect(page.get_by_label("Your name")).to_be_focused()
        page.keyboard.type("ada")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="You are administrator, ada")).to_be_visible()
        token = page.locator("#secret").inner_text()
        page.get_by_role("link", name="To the overview").click()
        expect(page.get_by_role("heading", name="Overview")).to_be_visible()
        expect(page.get_by_text("Nothing waits.")).to_be_visible()
        page.get_by_role("button", name="Sign out").click()
        seen.sign_in(token)
        expect(page.get_by_role("link", name="Audit")).to_be_visible()
        assert seen.complaints == []
        page.context.close()
