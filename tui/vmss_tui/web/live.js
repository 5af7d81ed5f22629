// Loads the record again when the server says that the log has grown, at most once a second, and keeps the place.
// While the server cannot be reached, it says since when the page is not up to date, and tries again. A hidden page
// does not listen: a browser has few connections to one server.
"use strict";
const page = location.pathname;
const SOON = 2000;
const AGAIN = 5000;
let events = null;
let due = 0;
let last = 0;
let shown = new Date();
let over = false;

function plan(milliseconds) {
  if (!due && !over && !document.hidden) due = setTimeout(load, milliseconds);
}

function quiet() {
  if (events) events.close();
  events = null;
}

function listen() {
  events = new EventSource(`${page}/events?after=${document.body.dataset.seq}`);
  events.addEventListener("grown", () => plan(Math.max(0, 1000 - (Date.now() - last))));
  events.addEventListener("error", () => { quiet(); plan(SOON); });
}

function warn() {
  document.querySelector(".lost")?.remove();
  const note = document.createElement("p");
  note.className = "lost";
  note.setAttribute("role", "alert");
  note.textContent = `Not up to date: the server cannot be reached. Shown as of ${shown.toLocaleTimeString()}.`;
  document.body.prepend(note);
}

async function load() {
  due = 0;
  last = Date.now();
  let fresh;
  try {
    const answer = await fetch(page, { credentials: "same-origin" });
    if (answer.redirected) { location.assign(answer.url); return; }
    if (!answer.ok) throw new Error(answer.statusText);
    fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch {
    quiet();
    warn();
    plan(AGAIN + Math.random() * AGAIN);
    return;
  }
  const open = [...document.querySelectorAll("details")].map((part) => part.open);
  const place = scrollY;
  document.body.replaceWith(fresh.body);
  document.title = fresh.title;
  document.querySelectorAll("details").forEach((part, number) => { part.open = open[number] ?? false; });
  scrollTo(0, place);
  shown = new Date();
  over = !fresh.querySelector("script[src='/live.js']");
  if (over) quiet();
  else if (!events && !document.hidden) listen();
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    clearTimeout(due);
    due = 0;
    quiet();
  } else {
    plan(0);
  }
});
listen();
