// Writes the page's address and follows it. An entry of the browser's history that this file wrote is marked, so that an
// address that somebody pasted or followed is known as one. share.js stands in front of this file.

const [FIRST] = props.tabs;
const OURS = { ours: true };
const LONGEST = 200_000; // nine sentences at their longest fit
const FILL = { compare: "compare", words: "words" }; // events that fill a tab's form

const addresses = {}; // tab -> what its form holds, as an address says it
let followed = null; // the link that a form is being filled by
let moving = false; // whether a tab is being opened because the address says so

const missing = element.querySelector(".missing");
const opener = (tab) => document.querySelector(`[role="tab"][data-tab-id="${tab}"]`);
const openTab = () => document.querySelector('[role="tab"][aria-selected="true"]')?.dataset.tabId ?? FIRST;
const inLecture = () => document.body.classList.contains("lecture");
const sampleAddress = (stem) => (stem ? new URLSearchParams({ tab: "errors", sample: stem }).toString() : "");
const inClass = () => location.hash.startsWith("#class="); // class_visit.js follows it
const addressOf = (tab) => addresses[tab] || (tab === FIRST ? "" : `tab=${tab}`);

// ------------------------------------------------------------------------------------------------ writing

// enter: a place of its own to come back to, instead of another word for the one where one is.
function write(fields, enter) {
  if (inClass()) return;
  const same = location.hash.slice(1) === fields;
  if (same && history.state?.ours) return;
  const url = fields ? `#${fields}` : location.pathname + location.search;
  if (enter && !same) history.pushState(OURS, "", url);
  else history.replaceState(OURS, "", url);
}

let late = null;

// Browsers refuse an address that changes at every key.
function writeSoon() {
  clearTimeout(late);
  late = setTimeout(() => inLecture() || followed || write(addressOf(openTab()), false), 300);
}

document.addEventListener("click", ({ target }) => {
  const tab = target.closest?.('[role="tab"][data-tab-id]')?.dataset.tabId;
  if (!tab || moving || inLecture()) return;
  clearTimeout(late);
  write(addressOf(tab), true);
});

// What the page fills in by itself, before anybody has touched it, is no reason for an address.
document.addEventListener("form-changed", ({ detail: { tab, picture, fields } }) => {
  if (inLecture()) return; // what it fills in is taken back
  addresses[tab] = fields;
  if (picture) missing.hidden = true;
  if (tab === openTab() && navigator.userActivation?.hasBeenActive !== false) writeSoon();
});

// A sample was opened; error_view.js sends its name.
document.addEventListener("sample-opened", ({ detail: stem }) => {
  addresses.errors = sampleAddress(stem);
  if (!inLecture()) write(addresses.errors, true);
});

document.addEventListener("lecture-step", ({ detail: step }) => {
  clearTimeout(late);
  if (step) write(`lecture=${step}`, true);
  else write(addressOf(openTab()), location.hash.startsWith("#lecture"));
});

document.addEventListener("link-asked", ({ detail }) => {
  const fields = new URLSearchParams(addresses[FIRST] || { tab: FIRST });
  for (const [name, value] of drawn()) fields.set(name, value);
  detail.url = `${location.origin}${location.pathname}#${fields}`;
});

// ------------------------------------------------------------------------------------------------ following

const lead = (step) => document.dispatchEvent(new CustomEvent("lecture-go", { detail: step }));

// Gradio draws the tabs some time after this.
async function move(tab) {
  while (!opener(tab)) await new Promise((resolve) => setTimeout(resolve, 50));
  moving = true;
  if (opener(tab).ariaSelected !== "true") opener(tab).click();
  moving = false;
}

// fresh: the page was just loaded, and its forms are empty.
async function follow(fresh) {
  if (inClass()) return;
  const link = location.hash.slice(1);
  if (link.length > LONGEST) return;
  const fields = new URLSearchParams(link);
  const tab = props.tabs.includes(fields.get("tab")) ? fields.get("tab") : FIRST;
  const step = Number(fields.get("lecture"));
  const stays = !fresh && history.state?.ours;
  clearTimeout(late);
  await move(step ? FIRST : tab);
  if (step || inLecture()) lead(step || null);
  if (step) return;
  if (tab === "errors") {
    addresses.errors = sampleAddress(fields.get("sample"));
    document.dispatchEvent(new CustomEvent("sample-go", { detail: fields.get("sample") || null }));
  }
  const restores = tab in FILL && [...fields.keys()].some((name) => name !== "tab");
  if (!restores || stays) return write(addressOf(tab), false); // what was edited since stays
  followed = link;
  props.value = link;
  trigger(FILL[tab]);
}

document.addEventListener("form-filled", ({ detail: { tab, picture, fields } }) => {
  if (followed === null) return;
  const link = new URLSearchParams(followed);
  const example = link.get("example");
  if (tab === FIRST) settle(followed);
  addresses[tab] = fields(picture && example ? example : "");
  followed = null;
  tellMissing(link, picture);
  write(addressOf(tab), false);
  if (picture && example) setTimeout(run);
});

// Presses the tab's own button.
function run() {
  [...document.querySelectorAll(".begin button.primary")].find((button) => button.checkVisibility())?.click();
}

function tellMissing(link, picture) {
  const key = link.has("picture") ? "own" : link.has("example") && !picture ? "example" : null;
  missing.hidden = !key;
  if (key) missing.querySelector("p").textContent = text(key, { example: link.get("example") });
}

missing.querySelector("button").addEventListener("click", () => (missing.hidden = true));
window.addEventListener("hashchange", () => follow(false));
if (location.hash.length > 1) follow(true);
else write("", false);
