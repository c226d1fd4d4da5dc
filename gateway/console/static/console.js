// What does the console do beyond plain pages? It brings in what has changed, without a reload. Everything works without it.
"use strict";

(() => {
  const live = document.querySelector("[data-live]");
  const LEAST_WAIT = 1000; // milliseconds between two refreshes of one page
  const SAY_AGAIN = 10000; // milliseconds between two announcements to a screen reader

  /** Write ages anew: they grow while nobody reloads. */
  function growAges() {
    const units = document.body.dataset.units.split(" ");
    for (const element of document.querySelectorAll("[data-age]")) {
      const seconds = Math.max(0, Math.floor((Date.now() - Date.parse(element.dataset.age)) / 1000));
      const steps = [[86400, units[3]], [3600, units[2]], [60, units[1]], [1, units[0]]];
      const [size, unit] = steps.find(([step]) => seconds >= step) || steps[3];
      element.textContent = `${Math.floor(seconds / size)} ${unit}`;
    }
  }

  /** Put one region of the fetched page in place of the shown one, keeping focus and what is unfolded. */
  function replace(shown, fetched) {
    const known = new Set([...shown.querySelectorAll("tr[id]")].map((row) => row.id));
    const unfolded = [...shown.querySelectorAll("details[id][open]")].map((element) => element.id);
    const focused = shown.contains(document.activeElement) ? document.activeElement : null;
    const next = document.importNode(fetched, true);
    for (const row of next.querySelectorAll("tr[id]")) {
      if (!known.has(row.id)) row.classList.add("fresh");
    }
    shown.replaceWith(next);
    for (const id of unfolded) document.getElementById(id)?.setAttribute("open", "");
    if (focused && focused.id) document.getElementById(focused.id)?.focus({ preventScroll: true });
    else if (focused && focused.tagName === "SUMMARY") document.getElementById(focused.parentElement.id)?.querySelector("summary").focus({ preventScroll: true });
  }

  let last = 0;
  let said = 0;
  let waiting = 0;
  let looking = 0;

  /** Fetch this page again and bring in its live regions. */
  async function refresh() {
    clearTimeout(waiting);
    waiting = 0;
    last = Date.now();
    const address = new URL(location.href);
    address.searchParams.set("part", "live");
    address.hash = "";
    const answer = await fetch(address, { headers: { accept: "text/html" } }).catch(() => null);
    if (!answer || !answer.ok) return look();
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const fetched of page.querySelectorAll("[data-region]")) {
      const shown = document.getElementById(fetched.id);
      if (!shown) continue;
      if (shown.innerHTML !== fetched.innerHTML) replace(shown, fetched);
      else if (fetched.dataset.poll) shown.dataset.poll = fetched.dataset.poll;
      else delete shown.dataset.poll;
    }
    growAges();
    look();
    if (live && Date.now() - said > SAY_AGAIN) {
      said = Date.now();
      document.getElementById("live-say").textContent = live.dataset.say;
    }
  }

  function changed() {
    if (!waiting) waiting = setTimeout(refresh, Math.max(0, last + LEAST_WAIT - Date.now()));
  }

  let source = null;

  function show(state) {
    live.dataset.state = state;
    live.querySelector("[data-live-word]").textContent = live.dataset[state];
    live.querySelector("button").textContent = state === "paused" ? live.dataset.resume : live.dataset.pause;
  }

  function listen() {
    source = new EventSource(live.dataset.live);
    source.addEventListener("open", () => show("on"));
    source.addEventListener("error", () => show("lost"));
    source.addEventListener("change", changed);
  }

  function pauseOrResume() {
    if (source) {
      source.close();
      source = null;
      clearTimeout(looking);
      show("paused");
    } else {
      listen();
      changed();
    }
  }

  // A filter that nobody uses is folded away where it would push the list off a small screen.
  const fold = document.querySelector(".fold:not([data-used])");
  if (fold && matchMedia("(max-width: 40rem)").matches) fold.open = false;

  if (live) {
    live.hidden = false;
    live.querySelector("button").addEventListener("click", pauseOrResume);
    listen();
    window.addEventListener("pagehide", () => source && source.close());
    window.addEventListener("pageshow", (event) => event.persisted && source && listen());
  }
  // Something is going on that the ledger does not tell of, or was not counted yet: look again until the page says that
  // it is over. Who has paused the page is left alone.
  function look() {
    clearTimeout(looking);
    const going = document.querySelector("[data-poll]");
    if (going && !(live && !source)) looking = setTimeout(refresh, Number(going.dataset.poll));
  }
  look();

  // A form is sent once, however often its button is pressed: the second press would show the answer to a page that is
  // out of date. Whoever stopped the browser, or comes back to the page, may send it again.
  const AGAIN = 3000; // milliseconds
  const sent = new Set();
  document.addEventListener("submit", (event) => {
    if (event.target.method !== "post" || event.defaultPrevented) return;
    if (sent.has(event.target)) event.preventDefault();
    sent.add(event.target);
    setTimeout(() => sent.delete(event.target), AGAIN);
  });
  window.addEventListener("pageshow", () => sent.clear());

  // A file that is dropped on the form is the file of the form.
  const drop = document.querySelector("form[data-drop]");
  if (drop) {
    const over = (is) => (event) => {
      event.preventDefault();
      drop.toggleAttribute("data-over", is);
    };
    drop.addEventListener("dragover", over(true));
    drop.addEventListener("dragleave", over(false));
    drop.addEventListener("drop", (event) => {
      over(false)(event);
      if (!event.dataTransfer.files.length) return;
      drop.querySelector('input[type="file"]').files = event.dataTransfer.files;
      drop.requestSubmit();
    });
  }

  if (document.querySelector("[data-age]")) setInterval(growAges, 5000);
})();
