"""The sample shop in a real browser: what a newcomer sees within two minutes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser
SHOTS = Path(__file__).parent / "shots"
CHROMIUM = next((p for p in map(shutil.which, ("chromium", "chromium-browser")) if p), None)


@contextmanager
def started(*words: str) -> Iterator[str]:
    """Start the demo as the Makefile does; yield the address it prints."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("JITLEDGER_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "jitledger.cli.run", "demo", "--no-browser", *words],
        stdout=subprocess.PIPE,
        text=True,
        env=env,
    )
    assert process.stdout is not None
    found = ""
    for line in process.stdout:
        match = re.search(r"http://127\.0\.0\.1:\d+/open/\S+", line)
        if match:
            found = match.group(0)
            break
    assert found, "the demo printed no address"
    yield found
    process.terminate()
    assert process.wait(15) == 0


@contextmanager
def chromium(address: str) -> Iterator[Any]:
    """Open the chat in headless Chromium."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    SHOTS.mkdir(exist_ok=True)
    quiet = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ]
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=quiet)
        opened = browser.new_page(viewport={"width": 900, "height": 900})
        opened.goto(address)
        yield opened
        browser.close()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Start the sample shop."""
    with started() as found:
        yield found


@pytest.fixture(scope="module")
def page(address: str) -> Iterator[Any]:
    """Open its chat."""
    with chromium(address) as opened:
        yield opened


def send(page: Any, text: str) -> None:
    """Type a message and press Enter."""
    page.locator("#text").fill(text)
    page.locator("#text").press("Enter")


def last(page: Any) -> Any:
    """Return the bot's last bubble."""
    return page.locator(".bubble:not(.mine)").last


def test_a_receipt_is_confirmed_and_undone(page: Any) -> None:
    """Received 24 is confirmed with the new on-hand; Undo takes it back."""
    page.get_by_text("Welcome to The Blue Mug! You are owner.").wait_for(timeout=15_000)
    send(page, "received 24 blue mug")
    answer = page.locator(".bubble:not(.mine)", has_text="Received 24 × Blue mug (BLUE-MUG).").last
    answer.wait_for(timeout=10_000)
    match = re.search(r"On hand (\d+)\.", answer.inner_text())
    assert match is not None
    page.screenshot(path=str(SHOTS / "1-received.png"))
    page.get_by_role("button", name="↩ Undo").last.click()
    left = int(match.group(1)) - 24
    page.locator(".bubble", has_text=f"Undone. On hand {left}.").wait_for(timeout=10_000)
    page.screenshot(path=str(SHOTS / "2-undone.png"))


def test_what_needs_reordering_is_answered_by_supplier(page: Any) -> None:
    """The plain question is answered by supplier, with a Why? that explains."""
    send(page, "what needs reordering")
    answer = page.locator(".bubble:not(.mine)", has_text=re.compile(r"\d+ to reorder")).last
    answer.wait_for(timeout=15_000)
    text = answer.inner_text()
    assert any(supplier in text for supplier in ("ACME", "NORD", "FOGG", "VERDE", "PAPER"))
    assert "runs out" in text
    page.screenshot(path=str(SHOTS / "3-reorder.png"))
    # Pushes carry such a button, too; which ones there are depends on the day.
    below = answer.locator("xpath=following-sibling::*[1][@class='keys']")
    below.get_by_role("button", name=re.compile("^Why ")).first.click()
    explained = page.locator(".bubble:has(img)", has_text="order by").last
    explained.wait_for(timeout=15_000)
    picture = explained.locator("img")
    page.wait_for_function("image => image.naturalWidth > 500", arg=picture.element_handle())
    page.screenshot(path=str(SHOTS / "4-why.png"))


def test_an_alert_arrives_unasked(page: Any) -> None:
    """Within a minute a sale takes an item to its reorder point and the owner hears of it."""
    alert = page.locator(".bubble", has_text="🔔 Reorder").first
    alert.wait_for(timeout=60_000)
    assert "reorder point" in alert.inner_text()
    alert.scroll_into_view_if_needed()
    page.screenshot(path=str(SHOTS / "5-alert.png"))


def test_staff_writes_in_a_chat_of_their_own(page: Any) -> None:
    """The switch shows the member of staff, who records and is answered."""
    page.get_by_role("button", name="Sam (staff)").click()
    page.get_by_text("You are staff.").wait_for(timeout=10_000)
    send(page, "sold 1 sticker sett")
    page.locator(".bubble", has_text="I do not know").last.wait_for(timeout=10_000)
    page.screenshot(path=str(SHOTS / "6-choices.png"))
    page.get_by_role("button", name=re.compile("Sticker set")).last.click()
    page.locator(".bubble", has_text="Sold 1 × Sticker set").last.wait_for(timeout=10_000)


def test_a_table_is_sent_previewed_and_taken(page: Any) -> None:
    """A file goes through the paper clip; its rows are previewed, taken, and bad ones come back."""
    page.get_by_role("button", name="Olivia (owner)").click()
    table = "sku,qty\nBLUE-MUG,31\nNO-SUCH,5\n"
    file = {"name": "count.csv", "mimeType": "text/csv", "buffer": table.encode()}
    page.locator("#text").fill("counts")
    page.locator("#file").set_input_files(file)
    page.get_by_role("button", name="Take 1 row").last.click(timeout=15_000)
    page.locator(".bubble", has_text="1 of 2 rows recorded").last.wait_for(timeout=30_000)
    page.get_by_role("link", name="counts-not-taken.csv").last.wait_for(timeout=10_000)
    page.screenshot(path=str(SHOTS / "7-table.png"))


def test_a_group_shows_who_writes(page: Any) -> None:
    """In the group both write, and the entry names its author."""
    page.get_by_role("button", name="Shop floor").click()
    page.locator(".bubble", has_text="In this group I record").wait_for(timeout=10_000)
    page.get_by_role("button", name="Sam (staff)").click()
    send(page, "received 5 blue mug")
    page.locator(".bubble", has_text="· Sam (staff)").last.wait_for(timeout=10_000)
    page.screenshot(path=str(SHOTS / "8-group.png"))
    page.get_by_role("button", name="Own chat").click()


def test_german_dark_and_by_keyboard(page: Any) -> None:
    """One tap changes the language; dark is readable; Alt and a number change who writes."""
    page.keyboard.press("Alt+1")
    page.emulate_media(color_scheme="dark")
    send(page, "/settings")
    page.get_by_role("button", name="🌐 English").last.click(timeout=10_000)
    page.locator(".bubble", has_text="Einstellungen").last.wait_for(timeout=10_000)
    send(page, "was muss nachbestellt werden")
    page.locator(".bubble", has_text="nachzubestellen").last.wait_for(timeout=10_000)
    page.screenshot(path=str(SHOTS / "9-german-dark.png"))


def test_the_address_works_once(page: Any, address: str) -> None:
    """Without the session of the first visit the address and the page are closed."""
    other = page.context.browser.new_context().new_page()
    answer = other.goto(address)
    assert answer.status == 403
    answer = other.goto(address.split("/open/")[0] + "/chat")
    assert answer.status == 403
