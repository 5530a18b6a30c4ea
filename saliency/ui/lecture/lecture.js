// The lecture's bar: leads from step to step. `props.steps` are the steps; for the server to fill the form of a step's
// tab, `props.value` is its link and the event is called as the tab. lecture.py sends the bar an event when a step ends.

// What is there once a tab has been opened: Gradio draws a tab when it is opened for the first time.
const DRAWN = { "compare": "#maps .result", "words": "#words .result", "gaze": "#gaze-stage [data-phase]" };

const part = (selector) => element.querySelector(selector);
const [enter, bar, status] = [".enter", ".bar", ".status"].map(part);
const buttons = Object.fromEntries([...bar.querySelectorAll("button")].map((button) => [button.name, button]));

let at = null; // number of the current step, from 0; null outside of a lecture
let awaited = 0; // steps whose computation has not ended

// The column that a step speaks of is the last; in a narrow window others hide it.
const columns = new MutationObserver(([{ target }]) => {
  for (const scrolled of [target, target.querySelector(".rows")]) if (scrolled) scrolled.scrollLeft = scrolled.scrollWidth;
});

function say(key) {
  status.textContent = key ? text(key) : "";
  status.classList.toggle("failed", key === "failed");
}

function render() {
  const { name } = props.steps[at];
  part(".number").textContent = text("step", { n: at + 1, count: props.steps.length });
  part("h2").textContent = text(`${name}_title`);
  part(".text").textContent = text(`${name}_text`);
  buttons.previous.disabled = at === 0;
  buttons.next.disabled = at === props.steps.length - 1;
  if (!bar.contains(document.activeElement) || document.activeElement.disabled) bar.focus({ preventScroll: true });
}

// A stage with marks is not filled: an example would replace the marks of a class.
function marked() {
  return Boolean(document.querySelector("#gaze-stage .people:not([hidden])"));
}

function withoutExample(link) {
  const fields = new URLSearchParams(link);
  fields.delete("example");
  return `${fields}`;
}

async function leaveFullScreen() {
  if (!document.fullscreenElement) return;
  const left = new Promise((resolve) => document.addEventListener("fullscreenchange", resolve, { once: true }));
  document.exitFullscreen();
  await left;
  await new Promise((resolve) => setTimeout(resolve, 100)); // buttons fade in, and have no focus before
}

async function open(tab) {
  const tabButton = () => document.querySelector(`[role="tab"][data-tab-id="${tab}"]`);
  while (!tabButton()) await new Promise((resolve) => setTimeout(resolve, 50));
  const opener = tabButton();
  if (opener.ariaSelected !== "true") await leaveFullScreen(); // the maps that fill it are on another tab
  opener.click();
  while (!document.querySelector(DRAWN[tab])) await new Promise((resolve) => setTimeout(resolve, 50));
}

async function go(to) {
  if (at === null || to < 0 || to >= props.steps.length) return;
  at = to;
  document.dispatchEvent(new CustomEvent("lecture-step", { detail: to + 1 }));
  render();
  say("computing");
  const { tab, link } = props.steps[to];
  await open(tab);
  if (at !== to) return; // gone on meanwhile
  awaited++;
  props.value = tab === "gaze" && marked() ? withoutExample(link) : link;
  trigger(tab);
}

function ended(outcome) {
  awaited = Math.max(0, awaited - 1);
  if (awaited || at === null) return;
  const onStage = outcome === "success" && props.steps[at].tab === "gaze";
  say(outcome === "failure" ? "failed" : onStage && marked() ? "marked" : null);
  if (onStage) showStage();
}

// All of it, with its buttons, between the window's top and the bar: theme.css makes it no higher.
function showStage() {
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  document.querySelector("#gaze-stage .actions").scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "nearest" });
}

async function begin(first = 0) {
  at = first;
  show(true);
  await open("compare"); // on a page just loaded nothing is drawn yet
  if (at === null) return;
  columns.observe(document.querySelector("#maps .maps"), { childList: true });
  trigger("begin");
  go(first);
}

async function leave() {
  await leaveFullScreen(); // the maps that fill it go
  at = null;
  awaited = 0;
  show(false);
  document.dispatchEvent(new CustomEvent("lecture-step", { detail: null }));
  columns.disconnect();
  trigger("leave");
  enter.focus();
}

function show(shown) {
  bar.hidden = !shown;
  enter.hidden = shown;
  document.body.classList.toggle("lecture", shown);
}

// The page is longer by the bar, so that its end is not below it; so are maps on the full screen, see map_grid.css.
new ResizeObserver(() => {
  const height = `${bar.offsetHeight}px`;
  document.body.style.paddingBottom = document.documentElement.style.scrollPaddingBottom = height;
  document.body.style.setProperty("--lecture", height);
}).observe(bar);

const KEYS = { ArrowRight: () => go(at + 1), ArrowLeft: () => go(at - 1), PageDown: () => go(at + 1), PageUp: () => go(at - 1), Escape: leave };

bar.addEventListener("keydown", (event) => {
  if (!KEYS[event.key] || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();
  KEYS[event.key]();
});
for (const outcome of ["success", "failure"]) bar.addEventListener(outcome, () => ended(outcome));
enter.addEventListener("click", () => begin());
// Where the page's address leads (address.js): to a step, counted from 1, or out of the lecture.
document.addEventListener("lecture-go", ({ detail: step }) => {
  if (step === null) leave();
  else if (!props.steps[step - 1]) return;
  else if (at === null) begin(step - 1);
  else if (at !== step - 1) go(step - 1);
});
buttons.previous.addEventListener("click", () => go(at - 1));
buttons.next.addEventListener("click", () => go(at + 1));
buttons.leave.addEventListener("click", leave);
