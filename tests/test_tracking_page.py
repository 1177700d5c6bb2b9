"""The page of a tracking link in a real browser, which is never reloaded. tests/browser.py says how to get one.

`make screenshots` makes the pictures in docs/.
"""

import base64
import hashlib
import os
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect as shown

import pictures
from browser import DESKTOP, PHONE, a_page
from secrets_told import TOLD
from test_failed_deliveries import nobody_home
from test_location import point, report
from test_proofs import sent
from test_tracking import link_of, track
from town import open_route, order_of, when
from waybill_client import expect

ON_ITS_WAY, DELIVERED = "Your parcel is on its way to you.", "Your parcel was delivered."
GONE, OFFLINE = "This link is not valid any more.", "You are offline. The page goes on when you are back."


def end_link(stack, token):
    """As if its time had come."""
    claim = f"tracking#{hashlib.sha256(token.encode()).hexdigest()}"
    stack.aws("dynamodb").update_item(
        TableName=stack.environment["CLAIMS_TABLE"],
        Key={"claim": {"S": claim}},
        UpdateExpression="SET expires_at_s = :past",
        ExpressionAttributeValues={":past": {"N": "1"}},
    )


def take_pictures(page, name="tracking"):
    """The page on a phone and on a desktop, for docs/."""
    folder = os.environ.get("SCREENSHOTS")
    for device, viewport in (("phone", PHONE), ("desktop", DESKTOP)) if folder else ():
        page.set_viewport_size(viewport)
        page.wait_for_timeout(1200)  # the courier moves for a second
        page.screenshot(path=Path(folder) / f"{name}-{device}.png", full_page=True)
    if folder:
        page.set_viewport_size(PHONE)


def own_hosts(stack):
    """The API, and the bucket that has the photos."""
    return {urlsplit(stack.api_url).netloc, urlsplit(stack.environment["AWS_ENDPOINT_URL"]).netloc}


def place_of_courier(page):
    return page.locator("#there").evaluate("it => it.style.transform")


def test_the_person_at_the_door_watches_the_parcel_come(stack, town):
    ana, ben = town.customer(), town.agent(name="Nil Ferrer")
    proof = {"photo": True, "pin": True}
    order_id = town.order(ana, (0, 0), (0, 10), requires_proof={"dropoff": proof})["order_id"]
    town.assigned(ana, {"order_id": order_id}, to=ben)
    address, token = link_of(ana, order_id)

    with a_page() as tab:
        page = tab.page
        answer = page.goto(f"{address}#{token}")
        assert len(answer.body()) < 60_000
        message, window, map_ = page.locator("#message"), page.locator("#expected"), page.locator("#map")
        distance, notice = page.locator("#distance"), page.locator("#notice")
        shown(message).to_have_text("A courier is on the way to pick up your parcel.")
        shown(map_).to_be_hidden()
        assert tab.serious_faults() == []

        expect(ben.mark(order_id, "in_progress"), 200)
        tab.pass_by(30)
        shown(message).to_have_text(ON_ITS_WAY)
        shown(page.locator("#before")).to_have_text("You are the next stop.")
        shown(page.locator("#courier")).to_have_text("Your courier: Nil")
        in_time, planned = window.inner_text(), expect(track(stack, token), 200)["expected"]

        page.get_by_label("A note for the courier").fill("The bell <b>is</b> broken.\nPlease knock.")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        told = page.locator("#told")
        shown(told).to_have_text("Your courier will see your note.")
        note = "The bell <b>is</b> broken. Please knock."
        assert open_route(ben)["stops"][1]["recipient_note"] == note

        places = []
        for seconds_ago, north_km, words in ((140, 7, "About 3 km away"), (125, 7.8, "About 2.2 km away")):
            expect(report(ben, point(town, north_km, seconds_ago)), 200)
            tab.pass_by(15)
            shown(distance).to_have_text(words)
            places.append(place_of_courier(page))
        assert len(set(places)) == 2, "the courier moves on the map"
        shown(map_).to_be_visible()
        assert tab.serious_faults() == []
        take_pictures(page)

        # A detour. The points before it were from before the pickup, so that only the map has followed them.
        expect(report(ben, point(town, -10)), 200)
        tab.pass_by(15)
        shown(distance).to_have_text("About 20 km away")
        shown(window).not_to_have_text(in_time)
        late = expect(track(stack, token), 200)["expected"]
        assert when(late["from"]) > when(planned["from"])

        tab.context.set_offline(True)
        shown(notice).to_have_text(OFFLINE)
        tab.context.set_offline(False)
        shown(notice).to_be_hidden()

        pin = page.locator("#pin").inner_text().removeprefix("Your PIN for the courier: ")
        TOLD.add("pin", pin)
        photo = sent(ben, order_id, pictures.jpeg())
        tap = {"status": "delivered", "proof_ids": [photo["proof_id"]], "pin": pin}
        expect(ben.put(f"/orders/{order_id}/status", tap), 200)
        tab.pass_by(15)
        shown(message).to_have_text(DELIVERED)
        for gone in (map_, window, page.locator("#courier"), page.locator("#before"), page.locator("#pin")):
            shown(gone).to_be_hidden()
        shown(page.get_by_alt_text("Photo of the delivery")).to_be_visible()
        shown(page.locator("#photo")).to_have_js_property("naturalWidth", 640)
        assert tab.serious_faults() == []
        take_pictures(page, "tracking-delivered")
        page.get_by_label("4 stars").check()
        page.get_by_label("Your comment").fill("Very kind.")
        page.get_by_role("button", name="Send").click()
        shown(told).to_have_text("Thank you for your rating.")
        rating = order_of(ana, order_id)["rating"]
        assert (rating["stars"], rating["comment"]) == (4, "Very kind.")
        # A browser says so when its connection is gone.
        assert [error for error in tab.errors if "ERR_INTERNET_DISCONNECTED" not in error] == []

        end_link(stack, token)
        tab.pass_by(300)
        shown(notice).to_have_text(GONE)
        left = page.locator("main").inner_text()
        assert not any(word in left for word in (DELIVERED, "Nil", "Updated")), left
        for gone in (page.locator("#photo"), page.locator("form:visible")):
            shown(gone).to_be_hidden()
        assert tab.serious_faults() == []

        assert tab.hosts() <= own_hosts(stack), "a request to somebody else"
        assert not [url for url in tab.requests if token in urlsplit(url).path + urlsplit(url).query]


def test_after_a_failed_attempt_the_person_chooses_when_the_courier_comes_again(stack, town):
    ana, ben = town.customer(), town.agent(name="Nil Ferrer")
    order = town.order(ana, (0, 0), (0, 1), on_failure="retry")
    town.assigned(ana, order, to=ben)
    expect(ben.mark(order["order_id"], "in_progress"), 200)
    address, token = link_of(ana, order["order_id"])

    with a_page() as tab:
        page = tab.page
        page.goto(f"{address}#{token}")
        message, choice = (
            page.locator("#message"),
            page.get_by_role("group", name="When should your courier come again?"),
        )
        shown(message).to_have_text(ON_ITS_WAY)
        shown(choice).to_be_hidden()

        nobody_home(ben, order, 1)
        tab.pass_by(15)
        shown(message).to_have_text("We could not hand over your parcel. Your courier still has it.")
        shown(choice).to_be_visible()
        offered = expect(track(stack, token), 200)["window"]["offered"]
        radios = choice.get_by_role("radio")
        shown(radios).to_have_count(len(offered))
        assert tab.serious_faults() == []
        take_pictures(page, "tracking-choice")

        # The window that the page shows is gone. Nothing that was chosen is lost without a word.
        gone = {"status": 409, "json": {"code": "window_not_offered"}, "content_type": "application/problem+json"}
        page.route("**/tracking/window", lambda it: it.fulfill(**gone))
        radios.first.focus()
        page.keyboard.press("Space")
        page.keyboard.press("Enter")
        shown(page.locator("#told")).to_contain_text("This time is not available any more.")
        page.unroute("**/tracking/window")

        # The keyboard is still at the first window.
        for _ in offered[1:]:
            page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        chosen = page.locator("#chosen")
        shown(chosen).to_contain_text("You chose: ")
        shown(page.locator("#told")).to_be_hidden()
        shown(radios.last).to_be_checked()
        told = chosen.inner_text()
        assert told.removeprefix("You chose: ") == choice.locator("label").last.inner_text()
        window = order_of(ana, order["order_id"])["dropoff"]["window"]
        assert (when(window["start"]), when(window["end"])) == tuple(when(offered[-1][end]) for end in ("from", "to"))
        assert tab.serious_faults() == []

        # The customer agrees on another window by phone.
        edit = {"dropoff": {"window": {end: offered[0][name] for end, name in (("start", "from"), ("end", "to"))}}}
        expect(ana.patch(f"/orders/{order['order_id']}", edit), 200)
        tab.pass_by(30)
        shown(chosen).to_be_hidden()
        expect(ben.mark(order["order_id"], "delivered"), 200)
        tab.pass_by(30)
        shown(message).to_have_text(DELIVERED)
        shown(choice).to_be_hidden()
        assert [error for error in tab.errors if "409" not in error] == []
        assert tab.hosts() == {urlsplit(stack.api_url).netloc}, "a request to somebody else"


def test_the_page_works_with_a_keyboard_and_in_the_dark(stack, shared_town):
    ana = shared_town.customer()
    address, token = link_of(ana, shared_town.order(ana)["order_id"])
    with a_page("ca", DESKTOP) as tab:
        tab.page.emulate_media(color_scheme="dark")
        tab.page.goto(f"{address}#{token}")
        shown(tab.page.locator("#message")).to_have_text("Tenim la teva comanda i busquem un repartidor.")
        assert tab.page.evaluate("document.documentElement.lang") == "ca"
        assert tab.serious_faults() == []


NEAR = {
    "status": "in_progress",
    "message": ON_ITS_WAY,
    "since": "2030-05-06T08:10:00Z",
    "expected": None,
    "courier": {"first_name": "Nil"},
    "stops_before": 0,
    "map": {"door": {"lat": 41.40, "lon": 2.17}, "courier": {"lat": 41.39, "lon": 2.16}, "at": "2030-05-06T08:20:00Z"},
    "note": {"open": False, "told": True},
    "rating": {"open": False, "told": False},
    "window": {"open": False, "told": False, "offered": [], "chosen": None},
    "messages": {"open": False, "told": False},
    "company": {"name": "Waybill", "colour": "#2457a6", "support": ""},
    "at": "2030-05-06T08:20:00Z",
}
MORNING = {"from": "2030-05-07T06:00:00Z", "to": "2030-05-07T10:00:00Z"}
NOON = {"from": "2030-05-07T10:00:00Z", "to": "2030-05-07T14:00:00Z"}
UNDELIVERED = NEAR | {
    "status": "undelivered",
    "map": None,
    "expected": MORNING,
    "window": {"open": True, "told": True, "offered": [MORNING, NOON], "chosen": MORNING},
}


@pytest.mark.parametrize(
    "language, asks, noon",
    [
        ("en-GB", "When should your courier come again?", "Tuesday 7 May"),
        ("es", "¿Cuándo debe volver tu repartidor?", "martes, 7 de mayo"),
        ("ca", "Quan ha de tornar el teu repartidor?", "dimarts, 7 de maig"),
        ("de-AT", "Wann soll Ihr Kurier wiederkommen?", "Dienstag, 7. Mai"),
        ("fr-CA", "Quand votre coursier doit-il revenir ?", "mardi 7 mai"),
    ],
)
def test_the_choice_of_a_window_speaks_the_language_of_the_browser(stack, language, asks, noon):
    with a_page(language) as tab:
        tab.page.route("**/tracking", lambda it: it.fulfill(json=UNDELIVERED))
        tab.page.goto(f"{stack.api_url}/track#{'0' * 32}")
        choice = tab.page.get_by_role("group", name=asks)
        radio = choice.get_by_role("radio", name=noon).nth(1)
        shown(radio).to_be_visible()
        shown(choice.get_by_role("radio").first).to_be_checked()
        # The times are those of Madrid, where the browser is.
        shown(choice.locator("label").nth(1)).to_contain_text("12")
        assert tab.serious_faults() == [] and tab.errors == []


A_PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)


@contextmanager
def tiles_from(functions, host):
    """The page as if the template had MapTilesUrl."""
    name, settings = functions.name_of("get-tracking-page"), functions.settings_of("get-tracking-page")
    tiles = {"MAP_TILES_URL": f"https://{host}/{{z}}/{{x}}/{{y}}.png", "MAP_TILES_CREDIT": "© <b>Map Makers</b>"}
    change = functions.stack.aws("lambda").update_function_configuration
    change(FunctionName=name, Environment={"Variables": settings | tiles})
    try:
        yield
    finally:
        change(FunctionName=name, Environment={"Variables": settings})


def test_a_map_with_tiles_asks_their_server_alone(stack, functions):
    with tiles_from(functions, "tiles.example.com"), a_page() as tab:
        tab.page.route("https://tiles.example.com/**", lambda it: it.fulfill(body=A_PIXEL, content_type="image/png"))
        tab.page.route("**/tracking", lambda it: it.fulfill(json=NEAR))
        assert len(tab.page.goto(f"{stack.api_url}/track#{'0' * 32}").body()) < 60_000
        shown(tab.page.locator("#tiles")).to_be_visible()
        shown(tab.page.locator("#plain")).to_be_hidden()
        shown(tab.page.locator("#tiles path")).to_have_count(2)
        shown(tab.page.get_by_text("© <b>Map Makers</b>")).to_be_visible()
        shown(tab.page.locator("#distance")).to_have_text("About 1.4 km away")
        assert tab.hosts() == {urlsplit(stack.api_url).netloc, "tiles.example.com"}
        assert tab.errors == [] and tab.serious_faults() == []
