// Keeps what a visitor had in a form when an example takes its place.

const LEAVE = { compare: "leave_compare", words: "leave_words" }; // events: what a form holds is asked for, is put back
const BACK = { compare: "back_compare", words: "back_words" };

const offer = element.querySelector(".offer");
let left = null; // {tab, values}: what was in a form
let filling = false; // whether the example that takes its place is under way
let from = null; // the example that was pressed

const openTab = () => document.querySelector('[role="tab"][aria-selected="true"]')?.dataset.tabId;

// Before Gradio's own handler fills the form.
document.addEventListener("click", ({ target }) => {
  const example = target.closest?.(".examples button");
  if (example || target.closest?.('[role="tab"]')) [offer.hidden, filling] = [true, false];
  if (!example || !(openTab() in LEAVE)) return;
  from = example;
  trigger(LEAVE[openTab()]);
}, true);

// What an example says is no visitor's own, nor is its picture, which its button shows too: a file of the same content.
document.addEventListener("form-left", ({ detail }) => {
  const shown = [...document.querySelectorAll(".examples img")].map(({ src }) => fileOf(src));
  const sentences = detail.sentences.flat().map((written) => written?.sentence ?? written);
  const picture = detail.picture && !shown.includes(fileOf(detail.picture.url));
  if (!picture && !sentences.some((sentence) => sentence && !props.known.includes(sentence))) return;
  [left, filling] = [detail, true];
  offer.values = detail.values;
});

// The server names files by their content.
function fileOf(url) {
  return (url ?? "").split("/").slice(-2).join("/");
}

// Undone before the example is there, it would come all the same.
document.addEventListener("form-changed", ({ detail: { tab } }) => {
  if (filling && tab === left.tab) [offer.hidden, filling] = [false, false];
});

function close() {
  offer.hidden = true;
  from.focus({ preventScroll: true }); // the button that was pressed goes
}

offer.querySelector("[name=undo]").addEventListener("click", () => {
  trigger(BACK[left.tab]);
  close();
});
offer.querySelector("[name=close]").addEventListener("click", close);
