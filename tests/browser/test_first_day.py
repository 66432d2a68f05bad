"""The first day of a new shop, in the browser, in English and in German."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.test_demo import SHOTS, chromium, send, started

pytestmark = pytest.mark.browser
CATALOG = "sku,name,price\nVASE,Tall vase,19\nPLATE,White plate,7.50\n"
DAY: dict[str, dict[str, str]] = {
    "en": {
        "asked": "Your new shop.",
        "open": "The Blue Mug, EUR, Europe/Berlin, with tax",
        "opened": "You are its owner",
        "joined": "You are staff",
        "take": "Take all 2 rows",
        "taken": "2 of 2 rows recorded",
        "count": "count vase 12",
        "counted": "Counted 12 × Tall vase",
        "unknown": "received 24 garden gnome from Acme",
        "ask": "I do not know",
        "new": "New product",
        "line": "Garden gnome, 12.50, Acme",
        "received": "Received 24 × Garden gnome",
        "policy": "/policy vase 10 12",
        "set": "reorder at 10",
        "sell": "sold 3 vase",
        "sold": "Sold 3 × Tall vase",
        "left": "On hand 9.",
        "alert": "🔔 Reorder Tall vase",
        "undo": "↩ Undo",
        "undone": "Undone. On hand 12.",
        "why": "(counted 12)",
        "tuesday": "/asof last tuesday vase",
        "then": "count first",
    },
    "de": {
        "asked": "Dein neuer Laden.",
        "open": "Der blaue Becher, EUR, Europe/Berlin, mit Steuer",
        "opened": "Du bist Inhaber",
        "joined": "Deine Rolle: Mitarbeiter",
        "take": "Alle 2 Zeilen übernehmen",
        "taken": "2 von 2 Zeilen gebucht",
        "count": "vase gezählt 12",
        "counted": "Gezählt 12 × Tall vase",
        "unknown": "24 gartenzwerg von Acme bekommen",
        "ask": "kenne ich nicht",
        "new": "Neuer Artikel",
        "line": "Gartenzwerg, 12.50, Acme",
        "received": "Bekommen 24 × Gartenzwerg",
        "policy": "/policy vase 10 12",
        "set": "Meldebestand 10",
        "sell": "3 vase verkauft",
        "sold": "Verkauft 3 × Tall vase",
        "left": "Bestand 9.",
        "alert": "🔔 Nachbestellen: Tall vase",
        "undo": "↩ Zurücknehmen",
        "undone": "Zurückgenommen. Bestand 12.",
        "why": "(12 gezählt)",
        "tuesday": "/asof letzten dienstag vase",
        "then": "erst zählen",
    },
}


@pytest.fixture(params=sorted(DAY))
def day(request: pytest.FixtureRequest) -> Iterator[tuple[Any, dict[str, str], str]]:
    """Open the page of a new shop in one language."""
    with started("--new", "--language", request.param) as address, chromium(address) as page:
        yield page, DAY[request.param], request.param


def test_the_first_day_of_a_new_shop(day: tuple[Any, dict[str, str], str]) -> None:
    """Opened, invited, catalog taken, counted, received, sold, alerted, undone, asked."""
    page, words, language = day

    def hear(text: str) -> Any:
        bubble = page.locator(".bubble:not(.mine)", has_text=text).last
        bubble.wait_for(timeout=20_000)
        return bubble

    hear(words["asked"])
    send(page, words["open"])
    hear(words["opened"])
    page.screenshot(path=str(SHOTS / f"first-{language}-1-opened.png"))
    send(page, "/invite staff")
    code = re.search(r"start=(\S+)", hear("start=").inner_text())
    assert code is not None
    page.get_by_role("button", name="Sam").click()
    send(page, f"/start {code.group(1)}")
    hear(words["joined"])
    page.get_by_role("button", name="Olivia").click()
    file = {"name": "catalog.csv", "mimeType": "text/csv", "buffer": CATALOG.encode()}
    page.locator("#file").set_input_files(file)
    page.get_by_role("button", name=words["take"]).last.click(timeout=20_000)
    hear(words["taken"])
    send(page, words["count"])
    hear(words["counted"])
    send(page, words["unknown"])
    hear(words["ask"])
    page.get_by_role("button", name=words["new"]).last.click()
    hear("9.50, Acme")
    send(page, words["line"])
    hear(words["received"])
    page.screenshot(path=str(SHOTS / f"first-{language}-2-received.png"))
    send(page, words["policy"])
    hear(words["set"])
    send(page, words["sell"])
    hear(words["sold"])
    hear(words["left"])
    hear(words["alert"])
    page.screenshot(path=str(SHOTS / f"first-{language}-3-alert.png"))
    sold = page.locator(".bubble:not(.mine)", has_text=words["sold"]).last
    keys = sold.locator("xpath=following-sibling::*[contains(@class, 'keys')][1]")
    keys.get_by_role("button", name=words["undo"]).click()
    hear(words["undone"])
    send(page, "/why vase")
    hear(words["why"])
    send(page, words["tuesday"])
    hear(words["then"])
    page.screenshot(path=str(SHOTS / f"first-{language}-4-why.png"))
