"use strict";
const { words, company } = JSON.parse(document.getElementById("words").textContent);
const STEPS = { pending: 1, assigned: 2, in_progress: 3, delivered: 4, failed: 0, cancelled: 0 };
const ENDED = ["delivered", "failed", "cancelled"];
// Seconds between two requests, by the state of the page. The service takes 30 requests a minute for each link.
const REFRESH_S = { in_progress: 15, open: 30, hidden: 120, ended: 300, failed: 30 };
let timer, shown, lastTry = 0;

const element = (id) => document.getElementById(id);
const filled = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const clock = (time) => new Intl.DateTimeFormat(words.tag, { hour: "2-digit", minute: "2-digit" }).format(time);
const dayAndClock = (time) =>
  new Intl.DateTimeFormat(words.tag, { weekday: "long", day: "numeric", month: "long", hour: "2-digit", minute: "2-digit" })
    .format(time);

function say(id, text) {
  const place = element(id);
  // A screen reader reads a text again whenever it is set.
  if (place.textContent !== text) place.textContent = text;
  place.hidden = !text;
}

/** The span of the expected time. The day is named if it is not today. */
function span(expected) {
  const from = new Date(expected.from), to = new Date(expected.to);
  const today = from.toDateString() === new Date().toDateString();
  const toLater = to.toDateString() !== from.toDateString();
  return filled(words.expected, { from: today ? clock(from) : dayAndClock(from), to: toLater ? dayAndClock(to) : clock(to) });
}

function stopsBefore(count) {
  if (count === 0) return words.next_stop;
  return count === 1 ? words.one_stop_before : filled(words.stops_before, { count });
}

function show(answer) {
  shown = answer;
  const ended = ENDED.includes(answer.status);
  [...element("steps").children].forEach((step, index) => step.classList.toggle("reached", index < STEPS[answer.status]));
  element("steps").hidden = STEPS[answer.status] === 0;
  say("message", answer.message);
  say("since", ended ? dayAndClock(new Date(answer.since)) : "");
  say("expected", answer.expected ? span(answer.expected) : "");
  say("before", answer.status === "in_progress" ? stopsBefore(answer.stops_before ?? 0) : "");
  say("courier", answer.courier ? filled(words.courier, { name: answer.courier.first_name }) : "");
  say("updated", filled(words.updated, { time: clock(new Date(answer.at)) }));
  say("notice", "");
}

function nothingMore() {
  shown = undefined;
  for (const id of ["message", "since", "expected", "before", "courier", "updated"]) say(id, "");
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

say("company", company.name);
say("questions", company.support ? filled(words.questions, { support: company.support }) : "");
addEventListener("online", refresh);
addEventListener("offline", () => say("notice", words.offline));
addEventListener("hashchange", refresh);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && Date.now() - lastTry > 1000 * REFRESH_S.in_progress) refresh();
});
refresh();
