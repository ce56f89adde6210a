// Gloria Approvals: courtesies only. Every page works with this file blocked.
const root = document.documentElement;
const one = (selector, from = document) => from.querySelector(selector);
const all = (selector, from = document) => [...from.querySelectorAll(selector)];

// One click, one post. The command's key in the database is the guarantee; this only saves the wait.
function release(form) {
  delete form.dataset.sent;
  for (const button of all("[aria-disabled]", form)) {
    button.removeAttribute("aria-disabled");
    if (button.dataset.label) one("span", button).textContent = button.dataset.label;
  }
}
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  const button = event.submitter;
  if (!button) return;
  button.setAttribute("aria-disabled", "true");
  const words = button.dataset.busy && one("span", button);
  if (!words) return;
  button.dataset.label = words.textContent;
  words.textContent = button.dataset.busy;
});
// Coming back by the Back button finds the form ready again.
addEventListener("pageshow", () => all("form[data-sent]").forEach(release));

// Following a new notification reads it.
document.addEventListener("click", (event) => {
  const form = event.target.matches("a") && one("[data-read]", event.target.closest("li") ?? event.target);
  if (form) fetch(form.action, { method: "POST", body: new FormData(form), keepalive: true });
});

// Focus goes to what the portal just said. (An error summary has it already: autofocus.)
if (!one(".error-summary")) one("[data-flash]")?.focus();

// Buttons that need this script appear now.
for (const button of all("[data-open], [data-print], [data-copy]")) button.hidden = false;
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-open], [data-print], [data-copy]");
  if (!button) return;
  if (button.dataset.open) one(button.dataset.open)?.showModal();
  else if ("print" in button.dataset) print();
  else await copy(button);
});

async function copy(button) {
  const words = one(".vh", button);
  const before = (button.dataset.label ??= words.textContent);
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    words.textContent = button.dataset.done;
    button.classList.add("copied");
  } catch {
    words.textContent = button.dataset.failed;
  }
  setTimeout(() => {
    words.textContent = before;
    button.classList.remove("copied");
  }, 2000);
}

// What depends on another answer is shown when it is asked. Only the server judges.
const dependent = all("[data-shown-if]");
function showDependent() {
  for (const part of dependent) {
    const inputs = all(`[name="${CSS.escape(part.dataset.shownIf)}"]`).filter((each) => !each.closest("[data-shown-if][hidden]"));
    const given = inputs.filter((each) => !/^(radio|checkbox)$/.test(each.type) || each.checked).map((each) => each.value);
    part.hidden = !JSON.parse(part.dataset.shownValues).some((value) => given.includes(value));
  }
}
for (const words of all("[data-shown-words]")) words.hidden = true;
if (dependent.length) {
  addEventListener("change", showDependent);
  addEventListener("pageshow", showDependent);
  showDependent();
}

// How much room is left in a text.
for (const counter of all("[data-count]")) {
  const input = document.getElementById(counter.dataset.for);
  const limit = Number(counter.dataset.count);
  const show = () => {
    const left = limit - input.value.length;
    const words = left < 0 ? counter.dataset.over : counter.dataset.left;
    counter.textContent = words.replace("{n}", Math.abs(left));
    counter.classList.toggle("over", left < 0);
  };
  input?.addEventListener("input", show);
  if (input?.value) show();
}

// Tick rows: a range with Shift, all of a page, and how many they are and come to, said aloud.
const batch = one(".batch");
if (batch) {
  const boxes = all("input[name=task]", batch);
  const tally = one("[data-tally]", batch);
  const every = one("[data-pick-all]", batch);
  const clear = one("[data-pick-none]", batch);
  let last = null;
  const sum = (chosen) => {
    const sums = {};
    for (const { minor, currency } of chosen.map((box) => box.dataset))
      if (currency) sums[currency] = (sums[currency] ?? 0) + Number(minor);
    return Object.entries(sums).map(([currency, minor]) => {
      const money = new Intl.NumberFormat(document.documentElement.lang, { style: "currency", currency });
      return money.format(minor / 10 ** money.resolvedOptions().maximumFractionDigits);
    });
  };
  const count = () => {
    const chosen = boxes.filter((box) => box.checked);
    const words = tally.dataset.some.replace("{n}", chosen.length);
    tally.textContent = chosen.length ? [words, ...sum(chosen)].join(", ") : tally.dataset.none;
    every.checked = chosen.length === boxes.length;
    every.indeterminate = chosen.length > 0 && !every.checked;
  };
  const tick = (some, checked) => {
    for (const box of some) box.checked = checked;
    count();
  };
  every.hidden = clear.hidden = false;
  batch.classList.add("counted");
  clear.addEventListener("click", () => {
    tick(boxes, false);
    boxes[0].focus();
  });
  batch.addEventListener("click", (event) => {
    if (event.target === every) tick(boxes, every.checked);
    const at = boxes.indexOf(event.target);
    if (at < 0) return;
    const from = event.shiftKey ? boxes.indexOf(last) : at;
    const [first, end] = [Math.min(from < 0 ? at : from, at), Math.max(from, at)];
    tick(boxes.slice(first, end + 1), event.target.checked);
    last = event.target;
  });
  addEventListener("pageshow", count);
}

// A page that says "recorded, being applied" becomes the result by itself.
// Whoever is on the way to another page by then is not pulled back.
const waiting = one("[data-pending]");
let leaving = 0;
async function ask(pause) {
  try {
    const answer = await fetch(waiting.dataset.pending, { headers: { Accept: "application/json" } });
    const state = answer.ok ? await answer.json() : {};
    const bar = one("[data-share]");
    if (bar && state.share !== undefined) bar.value = state.share;
    const target = state.done && new URL(state.location, location.href);
    if (target && target.origin === location.origin && Date.now() - leaving > 5000) {
      location.replace(target.href);
      return;
    }
  } catch {
    // The portal is away for a moment: keep asking, more slowly.
  }
  setTimeout(ask, pause, Math.min(pause * 1.5, 5000));
}
if (waiting) {
  addEventListener("beforeunload", () => (leaving = Date.now()));
  setTimeout(ask, 500, 700);
}

// Shortcuts: never while typing, never with modifiers, and off for whoever turned them off.
const resting = root.dataset.shortcuts === "off";
let going = 0;

const rowOf = (element) => element?.closest("[data-row]");
function move(step) {
  const links = all("[data-row] a");
  const rows = all("[data-row]");
  const at = rows.indexOf(rowOf(document.activeElement));
  const next = rows[Math.max(0, Math.min(rows.length - 1, at + step))];
  (next ? one("a", next) : links[0])?.focus();
}
const ACTIONS = {
  j: () => move(1),
  k: () => move(-1),
  x: () => one("input[name=task]", rowOf(document.activeElement) ?? root)?.click(),
  "/": () => one("[type=search]")?.focus(),
  "?": () => one("#shortcuts")?.showModal(),
  g: () => (going = Date.now()),
};
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest(
    "input:not([type=checkbox]), textarea, select, [contenteditable], dialog",
  );
  if (resting || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (Date.now() - going < 1200) {
    going = 0;
    one(`[data-go="${CSS.escape(event.key)}"]`)?.click();
    return;
  }
  if (event.key === "Enter" && event.target.name === "task") {
    event.preventDefault();
    one("a", rowOf(event.target))?.click();
    return;
  }
  const act = ACTIONS[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});
