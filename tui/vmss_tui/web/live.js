// Loads the record again when the server says that the log has grown, at most once a second, and keeps the place.
"use strict";
const page = location.pathname;
let due = false;
let last = 0;

async function load() {
  due = false;
  last = Date.now();
  const answer = await fetch(page, { credentials: "same-origin" });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const open = [...document.querySelectorAll("details")].map((part) => part.open);
  const place = scrollY;
  document.body.replaceWith(fresh.body);
  document.title = fresh.title;
  document.querySelectorAll("details").forEach((part, number) => { part.open = open[number] ?? false; });
  scrollTo(0, place);
  if (!fresh.querySelector("script[src='/live.js']")) events.close();
}

const events = new EventSource(`${page}/events?after=${document.body.dataset.seq}`);
events.addEventListener("grown", () => {
  if (due) return;
  due = true;
  setTimeout(load, Math.max(0, 1000 - (Date.now() - last)));
});
