// Makes the page quicker. Without this script, every link and the form work as they are.
"use strict";

const SUGGESTIONS = 8;
const MAX_RETRIES = 3;
const NOTE_MS = 2500;

const $ = (id) => document.getElementById(id);
let loading; // the fetch under way
let retries = 0;
let retryTimer;
let noteTimer;

// ---- Views: the HTML of the next page is fetched, and its main part takes the place of this one's.

async function show(url, { push = true } = {}) {
  clearTimeout(retryTimer);
  loading?.abort();
  loading = new AbortController();
  const { signal } = loading;
  $("main").setAttribute("aria-busy", "true");
  say("Loading …", { stays: true });
  try {
    const response = await fetch(url, { signal, headers: { accept: "text/html" } });
    if (!response.headers.get("content-type")?.startsWith("text/html")) {
      throw new Error("PyPI Pulse is busy. Try again in a moment.");
    }
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    if (push) history.pushState(null, "", response.url);
    swap(page);
    say(document.querySelector("h1").textContent);
  } catch (error) {
    if (signal.aborted) return;
    $("main").removeAttribute("aria-busy");
    const lost = error instanceof TypeError;
    const text = lost ? "PyPI Pulse can’t be reached. Check your connection and try again." : error.message;
    say(text, { stays: true, failed: true });
  }
}

function swap(page) {
  const focused = document.activeElement?.id;
  document.title = page.title;
  document.querySelector("link[rel=canonical]").replaceWith(page.querySelector("link[rel=canonical]"));
  $("main").replaceWith(page.getElementById("main"));
  enhance();
  // On a phone, the keyboard of the search would cover the chart.
  if (!focused || (focused === "packages" && matchMedia("(pointer: coarse)").matches)) return;
  const again = $(focused);
  again?.focus({ preventScroll: true });
  again?.setSelectionRange?.(again.value.length, again.value.length); // to type another name
}

function say(text, { stays = false, failed = false } = {}) {
  clearTimeout(noteTimer);
  $("status").textContent = text;
  $("status").classList.toggle("failed", failed);
  if (!stays) noteTimer = setTimeout(() => say("", { stays: true }), NOTE_MS);
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href]");
  if (!link || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const url = new URL(link.href);
  if (url.origin !== location.origin || url.pathname !== location.pathname || url.hash) return;
  event.preventDefault();
  retries = 0;
  show(url);
});

document.addEventListener("submit", (event) => {
  event.preventDefault();
  retries = 0;
  const query = new URLSearchParams(new FormData(event.target));
  show(`${event.target.getAttribute("action")}?${query}`);
});

addEventListener("popstate", () => show(location.href, { push: false }));

// ---- Copying

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const code = $(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(code.textContent);
    say("Copied.");
  } catch {
    getSelection().selectAllChildren(code);
    say("Press Ctrl+C or ⌘C to copy the marked text.");
  }
});

// ---- Suggestions for the last name in the search: those that start like it first, in rank order.

let names; // a promise of all names: they are larger than the rest of a page, so only if somebody types

function loadNames(url) {
  names ??= fetch(url)
    .then((response) => (response.ok ? response.text() : ""))
    .then((text) => text.split("\n").filter(Boolean))
    .catch(() => {
      names = undefined; // tried again later
      return [];
    });
  return names;
}

function matches(all, text, taken) {
  const free = all.filter((name) => name.includes(text) && name !== text && !taken.includes(name));
  const first = free.filter((name) => name.startsWith(text));
  return [...new Set([...first, ...free])].slice(0, SUGGESTIONS);
}

function suggest(input, list) {
  let chosen = -1;

  const mark = (place) => {
    chosen = place;
    input.setAttribute("aria-expanded", String(!list.hidden));
    [...list.children].forEach((item, at) => item.setAttribute("aria-selected", String(at === chosen)));
    if (chosen < 0) input.removeAttribute("aria-activedescendant");
    else input.setAttribute("aria-activedescendant", list.children[chosen].id);
  };
  const offer = (found) => {
    list.replaceChildren(
      ...found.map((name, place) => {
        const item = document.createElement("li");
        item.id = `suggestion-${place}`;
        item.setAttribute("role", "option");
        item.textContent = name;
        return item;
      }),
    );
    list.hidden = found.length === 0;
    mark(-1);
  };
  const take = (name) => {
    input.value = `${input.value.replace(/[^\s,;]*$/, "")}${name}, `;
    offer([]);
  };

  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-controls", list.id);
  mark(-1);

  input.addEventListener("blur", () => offer([]));
  input.addEventListener("input", async () => {
    const typed = input.value;
    const words = typed.toLowerCase().replaceAll(/[_.]+/g, "-").split(/[\s,;]+/);
    const last = words.pop();
    const all = await loadNames(input.dataset.names);
    if (input.value === typed) offer(last ? matches(all, last, words) : []);
  });
  input.addEventListener("keydown", (event) => {
    const count = list.children.length;
    if (list.hidden) return;
    if (event.key === "ArrowDown") mark((chosen + 1) % count);
    else if (event.key === "ArrowUp") mark((chosen <= 0 ? count : chosen) - 1);
    else if (event.key === "Escape") offer([]);
    else if (["Enter", "Tab"].includes(event.key) && chosen >= 0) take(list.children[chosen].textContent);
    else return;
    event.preventDefault();
  });
  list.addEventListener("mousedown", (event) => event.preventDefault()); // the field keeps the focus
  list.addEventListener("click", (event) => {
    const item = event.target.closest("li");
    if (item) take(item.textContent);
  });
}

// ---- The figures of single days: under the pointer, by touch, or by the arrow keys on a slider.

function read(figure) {
  const { packages, days, spans } = JSON.parse(figure.querySelector("script").textContent);
  if (!spans.length) return;
  const cursor = figure.appendChild(document.createElement("div"));
  const readout = figure.appendChild(document.createElement("div"));
  const slider = figure.appendChild(document.createElement("input"));
  cursor.className = "cursor";
  readout.className = "readout";
  slider.className = "days";
  Object.assign(slider, { type: "range", min: 0, max: spans.length - 1, value: spans.length - 1 });
  slider.setAttribute("aria-label", "Figures of a day, week or month");
  const downloads = (count) => count?.toLocaleString("en") ?? "no figures";
  const middle = (place) => ((spans[place + 1]?.[0] ?? days) + spans[place][0]) / 2 / days;

  // The part of the visible chart that the axes enclose, relative to the figure.
  const plot = () => {
    const chart = [...figure.querySelectorAll("svg")].find((svg) => svg.getClientRects().length);
    const axis = [...(chart?.querySelectorAll("path.axis, path.grid") ?? [])]
      .map((path) => path.getBoundingClientRect())
      .filter((box) => box.width > box.height);
    if (!axis.length) return null;
    const around = figure.getBoundingClientRect();
    const [top, bottom] = [Math.min, Math.max].map((end) => end(...axis.map((box) => box.top)) - around.top);
    return { left: axis[0].left - around.left, width: axis[0].width, top, bottom, outer: around };
  };
  const hide = () => [cursor, readout].forEach((part) => (part.hidden = true));
  const show = (place) => {
    const box = plot();
    if (!box) return hide();
    const [, label, ...counts] = spans[place];
    const x = box.left + box.width * middle(place);
    const table = document.createElement("table");
    table.createCaption().textContent = label;
    const most = packages.map((_, number) => number).sort((a, b) => (counts[b] ?? -1) - (counts[a] ?? -1));
    for (const number of most) {
      const row = table.insertRow();
      row.appendChild(document.createElement("th")).textContent = packages[number];
      row.insertCell().textContent = downloads(counts[number]);
    }
    readout.replaceChildren(table);
    [cursor, readout].forEach((part) => (part.hidden = false));
    // Set by the script, which the Content-Security-Policy allows, unlike `style` in the markup.
    Object.assign(cursor.style, { left: `${x}px`, top: `${box.top}px`, height: `${box.bottom - box.top}px` });
    const room = box.outer.width - readout.offsetWidth;
    const beside = x + 14 > room ? x - readout.offsetWidth - 14 : x + 14;
    Object.assign(readout.style, { left: `${Math.max(4, Math.min(beside, room - 4))}px`, top: `${box.top + 8}px` });
    slider.value = place;
    slider.setAttribute(
      "aria-valuetext",
      [label, ...packages.map((name, number) => `${name} ${downloads(counts[number])}`)].join(", "),
    );
  };
  const under = (event) => {
    const box = plot();
    if (!box) return;
    const day = ((event.clientX - box.outer.left - box.left) / box.width) * days;
    const place = spans.findLastIndex(([begin]) => begin <= day);
    if (day < 0 || day > days) hide();
    else show(place);
  };

  figure.addEventListener("pointermove", under);
  figure.addEventListener("pointerdown", under);
  figure.addEventListener("pointerleave", hide);
  slider.addEventListener("input", () => show(slider.valueAsNumber));
  slider.addEventListener("focus", () => {
    const box = plot();
    if (!box) return;
    Object.assign(slider.style, { left: `${box.left}px`, width: `${box.width}px`, top: `${box.bottom - 12}px` });
    if (slider.matches(":focus-visible")) show(slider.valueAsNumber);
  });
  slider.addEventListener("blur", hide);
  hide();
}

// ---- What has to be set up for every main part

function enhance() {
  const figure = $("chart");
  if (figure) read(figure);
  suggest($("packages"), $("suggestions"));
  for (const button of document.querySelectorAll("[data-copy]")) {
    // Behind a proxy, the server doesn't know the name that people use.
    const code = $(button.dataset.copy);
    code.textContent = code.textContent.replaceAll(document.body.dataset.origin, location.origin);
    button.hidden = false;
  }
  const waitS = Number($("main").dataset.retryAfter);
  if (waitS && retries < MAX_RETRIES) {
    retries += 1;
    retryTimer = setTimeout(() => show(location.href, { push: false }), waitS * 1000);
  }
}

enhance();
