"use strict";
const { words, company, tiles } = JSON.parse(document.getElementById("words").textContent);
// An undelivered parcel is still in the vehicle. A parcel that goes back has no step to the door.
const STEPS = {
  pending: 1, assigned: 2, in_progress: 3, undelivered: 3, delivered: 4,
  failed: 0, cancelled: 0, returning: 0, returned: 0,
};
const ENDED = ["delivered", "failed", "cancelled", "returned"];
// Seconds between two requests, by the state of the page. The service takes 30 requests a minute for each link.
const REFRESH_S = { in_progress: 15, open: 30, hidden: 120, ended: 300, failed: 30 };
let timer, shown, lastTry = 0;
const sent = new Set();

const element = (id) => document.getElementById(id);
const filled = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
// The dates of the browser's own region, such as en-GB, if it has the language of the page.
const region = navigator.languages.find((tag) => tag.split("-")[0] === words.tag) ?? words.tag;
const hours = new Intl.DateTimeFormat(region, { hour: "2-digit", minute: "2-digit" });
const days = new Intl.DateTimeFormat(
  region, { weekday: "long", day: "numeric", month: "long", hour: "2-digit", minute: "2-digit" },
);
const clock = (time) => hours.format(time);
const dayAndClock = (time) => days.format(time);
const dayAndHours = ({ from, to }) => days.formatRange(new Date(from), new Date(to));

function say(id, text) {
  const place = element(id);
  // A screen reader reads a text again whenever it is set.
  if (place.textContent !== text) place.textContent = text;
  place.hidden = !text;
}

/** The span of the expected time. The day is named if it is not today. */
function span(expected) {
  const from = new Date(expected.from), to = new Date(expected.to), today = new Date().toDateString();
  return from.toDateString() === today && to.toDateString() === today
    ? filled(words.expected, { from: clock(from), to: clock(to) })
    : filled(words.expected_later, { window: dayAndHours(expected) });
}

function stopsBefore(count) {
  if (count === 0) return words.next_stop;
  return count === 1 ? words.one_stop_before : filled(words.stops_before, { count });
}

const METRES_IN_A_DEGREE = 111195;
// The distances of the rings around the door, in metres.
const RINGS_M = [100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000, 200000, 500000];

function length(metres) {
  const unit = metres < 1000 ? "meter" : "kilometer";
  const number = metres < 1000 ? Math.max(50, 50 * Math.round(metres / 50)) : metres / 1000;
  const digits = number < 10 ? 1 : 0;
  return new Intl.NumberFormat(region, { style: "unit", unit, maximumFractionDigits: digits }).format(number);
}

function drawn(name, attributes, text = "") {
  const shape = document.createElementNS(element("there").namespaceURI, name);
  for (const [attribute, value] of Object.entries(attributes)) shape.setAttribute(attribute, value);
  shape.textContent = text;
  return shape;
}

/** The door is in the middle and north is above. There are no streets: a server of maps would learn where the door is. */
function draw(map) {
  element("map").hidden = !map;
  if (!map) return;
  const { door, courier } = map;
  const narrower = Math.cos(door.lat * Math.PI / 180);
  const turned = (courier.lon - door.lon + 540) % 360 - 180; // the shorter way around the earth
  const east = turned * narrower * METRES_IN_A_DEGREE, north = (courier.lat - door.lat) * METRES_IN_A_DEGREE;
  const metres = Math.hypot(east, north);
  const outer = RINGS_M.find((ring) => ring >= metres) ?? metres;
  const scale = 84 / outer;
  const [x, y] = [east * scale, -north * scale].map(Math.round);
  element("there").style.transform = `translate(${x}px, ${y}px)`;
  element("way").setAttribute("x2", x);
  element("way").setAttribute("y2", y);
  element("rings").replaceChildren(...[outer / 2, outer].flatMap((ring) => [
    drawn("circle", { class: "ring", r: ring * scale }),
    drawn("text", { y: ring * scale + 8 }, length(ring)),
  ]));
  say("distance", filled(words.distance, { distance: length(metres) }));
  // Without Leaflet, as when its script could not be loaded, the plain map stays.
  if (tiles && window.L) drawOnTiles(door, courier);
}

let streets;

/** The same on the tiles of a map server, which the company has chosen. */
function drawOnTiles(door, courier) {
  const points = [door, courier].map(({ lat, lon }) => [lat, lon]);
  if (!streets) {
    element("plain").style.display = "none";
    element("tiles").hidden = false;
    const credit = document.createElement("span");
    credit.textContent = tiles.credit; // Leaflet takes HTML
    streets = { map: L.map("tiles", { scrollWheelZoom: false, keyboard: false }) };
    streets.map.attributionControl.setPrefix("Leaflet"); // its own text has a link to somebody else
    L.tileLayer(tiles.url, { attribution: credit.innerHTML, maxZoom: 19 }).addTo(streets.map);
    streets.map.fitBounds(points, { padding: [30, 30], maxZoom: 16 });
    L.circleMarker(points[0], { radius: 9, color: "#ffffff", fillColor: "#1c2733", fillOpacity: 1 }).addTo(streets.map);
    streets.courier = L.circleMarker(points[1], { radius: 8, color: "#ffffff", fillColor: company.colour, fillOpacity: 1 });
    streets.courier.addTo(streets.map);
    return;
  }
  streets.courier.setLatLng(points[1]);
  streets.map.fitBounds(points, { padding: [30, 30], maxZoom: 16 });
}

function show(answer) {
  if (shown && shown.status !== answer.status) say("told", "");
  shown = answer;
  const ended = ENDED.includes(answer.status);
  [...element("steps").children].forEach((step, index) => step.classList.toggle("reached", index < STEPS[answer.status]));
  element("steps").hidden = STEPS[answer.status] === 0;
  say("message", answer.message);
  say("since", ended ? dayAndClock(new Date(answer.since)) : "");
  say("expected", answer.expected ? span(answer.expected) : "");
  say("before", answer.status === "in_progress" ? stopsBefore(answer.stops_before ?? 0) : "");
  say("courier", answer.courier ? filled(words.courier, { name: answer.courier.first_name }) : "");
  say("pin", answer.pin ? filled(words.pin, { pin: answer.pin }) : "");
  showWindows(answer.window);
  showPhoto(answer.photo);
  draw(answer.map);
  showForms(answer);
  say("updated", filled(words.updated, { time: clock(new Date(answer.at)) }));
  say("notice", "");
}

/** Each answer has another link to the same photo. The first one is enough. */
function showPhoto(link) {
  const photo = element("photo");
  if (link && !photo.hasAttribute("src")) Object.assign(photo, { alt: words.photo, src: link });
  if (!link) photo.removeAttribute("src");
  photo.hidden = !link;
}

/** What the person at the door can tell now. A form that was sent stays away, also if its text can still change. */
function showForms(answer) {
  for (const [id, telling] of [["note", answer.note], ["rating", answer.rating], ["opt-out", answer.messages]]) {
    element(id).hidden = !telling?.open || telling.told || sent.has(id);
  }
}

/** The windows to choose from after a failed attempt. The list changes only if the windows do: somebody may be in it. */
function showWindows(choice) {
  const { open, offered, chosen } = choice ?? { open: false, offered: [], chosen: null };
  say("chosen", chosen ? filled(words.chosen, { window: dayAndHours(chosen) }) : "");
  element("window").hidden = !open;
  const state = JSON.stringify([offered, chosen]);
  if (element("windows").dataset.state === state) return;
  const before = element("windows").querySelector(":checked")?.value;
  const focused = element("windows").contains(document.activeElement);
  const checked = focused || !chosen ? before : JSON.stringify(chosen);
  element("windows").dataset.state = state;
  element("windows").replaceChildren(...offered.map((window) => {
    const label = document.createElement("label"), radio = document.createElement("input");
    const value = JSON.stringify(window);
    Object.assign(radio, { type: "radio", name: "window", value, required: true, checked: value === checked });
    label.append(radio, dayAndHours(window));
    return label;
  }));
  if (focused) (element("windows").querySelector(":checked") ?? element("windows").querySelector("input"))?.focus();
}

/** Sends a form. What was typed stays in the page until the service has it. */
async function send(id, body, thanks) {
  const button = element(id).querySelector("button");
  button.disabled = true;
  say("told", "");
  try {
    const response = await fetch(`tracking/${id}`, {
      method: "POST", body: JSON.stringify(body),
      headers: { "Tracking-Token": location.hash.slice(1), "Content-Type": "application/json" },
      cache: "no-store", credentials: "omit", referrerPolicy: "no-referrer",
    });
    const gone = response.status === 409 && id === "window";
    if (!response.ok && !gone) throw new Error(response.statusText);
    if (id !== "window") done(id, thanks);
    if (gone) say("told", words.window_gone);
  } catch {
    say("told", navigator.onLine ? words.not_sent : words.offline);
  }
  button.disabled = false;
  // The answer has the window that is in force, and those that are on offer now.
  if (id === "window") await refresh();
}

/** What was sent goes away, and the keyboard goes on at the thanks. */
function done(id, thanks) {
  sent.add(id);
  element(id).reset();
  element(id).hidden = true;
  say("told", thanks);
  element("told").focus();
}

/** The text of a field in one line, as the service takes it. */
const line = (id) => element(id).value.replace(/\s+/g, " ").trim();

function prepareForms() {
  for (const place of document.querySelectorAll("[data-words]")) place.textContent = words[place.dataset.words];
  for (const count of [5, 4, 3, 2, 1]) {
    const label = document.createElement("label"), star = document.createElement("input");
    Object.assign(star, { type: "radio", name: "stars", value: count, required: true });
    label.append(star, count === 1 ? words.one_star : filled(words.stars, { count }));
    element("stars").append(label);
  }
  element("opt-out").addEventListener("submit", (event) => {
    event.preventDefault();
    send("opt-out", {}, words.messages_stopped);
  });
  element("window").addEventListener("submit", async (event) => {
    event.preventDefault();
    await send("window", JSON.parse(element("window").elements.window.value));
    if (element("window").hidden) element("chosen").focus();
  });
  element("note").addEventListener("submit", (event) => {
    event.preventDefault();
    send("note", { note: line("note-text") }, words.note_sent);
  });
  element("rating").addEventListener("submit", (event) => {
    event.preventDefault();
    const stars = Number(element("rating").elements.stars.value);
    const comment = line("comment");
    send("rating", comment ? { stars, comment } : { stars }, words.rated);
  });
}

/** The company's address or number, to be tapped. */
function contact(text) {
  const scheme = /^\S+@\S+$/.test(text) ? "mailto" : /^\+?[\d\s()./-]{6,}$/.test(text) ? "tel" : "";
  if (!scheme) return text;
  const link = document.createElement("a");
  link.href = `${scheme}:${scheme === "tel" ? text.replace(/[^\d+]/g, "") : text}`;
  link.textContent = text;
  return link;
}

function nothingMore() {
  shown = undefined;
  for (const id of ["message", "since", "expected", "before", "courier", "pin", "updated"]) say(id, "");
  showWindows(null);
  showPhoto(null);
  draw(null);
  for (const id of ["note", "rating", "opt-out", "told"]) element(id).hidden = true;
  element("steps").hidden = true;
  say("notice", words.gone);
}

function again(seconds) {
  clearTimeout(timer);
  timer = setTimeout(refresh, 1000 * (document.hidden ? Math.max(seconds, REFRESH_S.hidden) : seconds));
}

async function refresh() {
  clearTimeout(timer);
  lastTry = Date.now();
  if (!navigator.onLine) return say("notice", words.offline);
  try {
    const response = await fetch("tracking", {
      headers: { "Tracking-Token": location.hash.slice(1), "Accept-Language": words.tag },
      cache: "no-store", credentials: "omit", referrerPolicy: "no-referrer",
    });
    if (response.status === 404) return nothingMore();
    if (!response.ok) throw new Error(response.statusText);
    show(await response.json());
    const state = ENDED.includes(shown.status) ? "ended" : shown.status === "in_progress" ? "in_progress" : "open";
    again(REFRESH_S[state]);
  } catch {
    say("notice", navigator.onLine ? words.busy : words.offline);
    again(REFRESH_S.failed);
  }
}

prepareForms();
say("company", company.name);
if (company.support) {
  const [before, after] = words.questions.split("{support}");
  element("questions").append(before, contact(company.support), after);
}
addEventListener("online", refresh);
addEventListener("offline", () => say("notice", words.offline));
addEventListener("hashchange", refresh);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && Date.now() - lastTry > 1000 * REFRESH_S.in_progress) refresh();
});
refresh();
