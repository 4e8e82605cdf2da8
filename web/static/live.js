// Keeps the overview, the logs and the progress of an installation current. The page is whole without this script: a reload shows the same.
//
// The server tells over /events that something has changed; the page is then fetched again and the parts marked
// data-live are exchanged where they differ, so that focus, scroll position and selection stay. What changes all the
// time (load, memory, uptime) announces nothing and is fetched in a slow rhythm instead.
"use strict";

const RHYTHM_MS = 10000;
const RETRY_MS = 5000;
// Long enough for the server's own limit of five seconds, short enough that a cut cable is noticed.
const LIMIT_MS = 8000;

let source = null;
let timer = 0;
let busy = false;
let again = false;

async function refresh() {
  if (busy) {
    again = true;
    return;
  }
  busy = true;
  clearTimeout(timer);
  let next = RHYTHM_MS;
  try {
    const response = await fetch(location.pathname + location.search, {
      cache: "no-store",
      // Looking on alone keeps nobody signed in.
      headers: { "X-Background": "1" },
      signal: AbortSignal.timeout(LIMIT_MS),
    });
    if (response.redirected) {
      // The session has ended: the page to sign in with takes the place of this one.
      location.assign(response.url);
      return;
    }
    exchange(new DOMParser().parseFromString(await response.text(), "text/html"));
    stale(false);
    if (response.status === 503) next = RETRY_MS;
  } catch {
    stale(true);
    next = RETRY_MS;
  }
  busy = false;
  if (again) {
    again = false;
    refresh();
  } else if (!document.hidden) {
    attach();
    timer = setTimeout(refresh, next);
  }
}

function exchange(fresh) {
  const before = document.querySelectorAll("main [data-live]");
  const after = fresh.querySelectorAll("main [data-live]");
  if (document.title !== fresh.title) document.title = fresh.title;
  if (before.length !== after.length || before.length === 0) {
    // From the overview to "cannot be shown", or back.
    const main = document.querySelector("main");
    const other = fresh.querySelector("main");
    if (main && other && main.innerHTML !== other.innerHTML) main.replaceChildren(...other.childNodes);
    return;
  }
  for (const part of after) {
    const old = document.getElementById(part.id);
    if (old && old.innerHTML !== part.innerHTML) old.replaceChildren(...part.childNodes);
  }
}

function stale(is) {
  const note = document.getElementById("stale");
  if (note) note.hidden = !is;
}

function attach() {
  if (source || document.hidden) return;
  source = new EventSource("/events");
  source.addEventListener("overview-changed", refresh);
  source.addEventListener("error", () => {
    // The browser connects again by itself unless it was turned away (too many listeners): the rhythm tries again.
    if (source && source.readyState === EventSource.CLOSED) source = null;
  });
}

// A hidden page listens to nothing: browsers allow only six connections to one server.
function follow() {
  if (document.hidden) {
    clearTimeout(timer);
    if (source) source.close();
    source = null;
  } else {
    attach();
    refresh();
  }
}

document.addEventListener("visibilitychange", follow);
follow();
