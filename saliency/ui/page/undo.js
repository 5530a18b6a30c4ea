// Keeps what a visitor had in a form when an example, or a description of the picture, takes its place.

const LEAVE = { compare: "leave_compare", words: "leave_words" }; // events: what a form holds is asked for, is put back
const BACK = { compare: "back_compare", words: "back_words" };

const offer = element.querySelector(".offer");
let left = null; // {tab, values}: what was in a form
let filling = false; // whether the example that takes its place is under way
let from = null; // the button that was pressed: an example's, or the one that describes the picture

const openTab = () => document.querySelector('[role="tab"][aria-selected="true"]')?.dataset.tabId;

// Before Gradio's own handler fills the form.
document.addEventListener("click", ({ target }) => {
  const pressed = target.closest?.(".examples button, #describe");
  if (pressed || target.closest?.('[role="tab"]')) [offer.hidden, filling] = [true, false];
  if (!pressed || !(openTab() in LEAVE)) return;
  from = pressed;
  trigger(LEAVE[openTab()]);
}, true);

// What an example says is no visitor's own, nor is its picture: a file of the same content.
document.addEventListener("form-left", ({ detail }) => {
  const describes = from.id === "describe"; // it fills the first sentence alone
  const replaced = describes ? detail.sentences.slice(0, 1) : detail.sentences;
  const sentences = replaced.flat().map((written) => written?.sentence ?? written);
  const picture = !describes && detail.picture && !props.pictures.includes(fileOf(detail.picture.url));
  if (!picture && !sentences.some((sentence) => sentence && !props.known.includes(sentence))) return;
  [left, filling] = [detail, true];
  offer.values = detail.values;
  offer.querySelector("p").textContent = text(describes ? "described" : "replaced");
});

// The server names files by their content.
function fileOf(url) {
  return (url ?? "").split("/").slice(-2).join("/");
}

// Undone before the example is there, it would come all the same.
document.addEventListener("form-changed", ({ detail: { tab } }) => {
  if (filling && tab === left.tab) [offer.hidden, filling] = [false, false];
});

// What somebody types is no filling; a description may be the sentence that was there already.
document.addEventListener("input", () => (filling = false), true);

function close() {
  offer.hidden = true;
  from.focus({ preventScroll: true }); // the button that was pressed goes
}

offer.querySelector("[name=undo]").addEventListener("click", () => {
  trigger(BACK[left.tab]);
  close();
});
offer.querySelector("[name=close]").addEventListener("click", close);
