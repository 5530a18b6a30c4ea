// Keeps what a visitor had in a form when an example takes its place. drawing.js stands in front of this file.

const LEAVE = { compare: "leave_compare", words: "leave_words" }; // events: what a form holds is asked for, is put back
const BACK = { compare: "back_compare", words: "back_words" };

const offer = element.querySelector(".offer");
let tab = null; // whose form was left
let from = null; // the example that was pressed

const openTab = () => document.querySelector('[role="tab"][aria-selected="true"]')?.dataset.tabId;

// Before Gradio's own handler fills the form.
document.addEventListener("click", (event) => {
  const example = event.target.closest?.(".examples button");
  if (event.target.closest?.('[role="tab"]')) offer.hidden = true;
  if (!example || !(openTab() in LEAVE)) return;
  offer.hidden = true;
  from = example;
  trigger(LEAVE[openTab()]);
}, true);

// What an example says is no visitor's own, nor is an example's picture: that is in this page's folder of examples.
document.addEventListener("form-left", ({ detail }) => {
  if (!detail.sentences.some((sentence) => sentence && !props.known.includes(sentence)) && !isOwn(detail.picture)) return;
  tab = detail.tab;
  offer.values = detail.values;
  offer.hidden = false;
});

function isOwn(picture) {
  const examples = [...document.querySelectorAll(".examples img")].map((image) => image.src.split("/").at(-1));
  return Boolean(picture?.url) && !examples.includes(picture.url.split("/").at(-1));
}

offer.querySelector("[name=undo]").addEventListener("click", () => {
  offer.hidden = true;
  trigger(BACK[tab]);
  from?.focus({ preventScroll: true }); // the button goes
});
offer.querySelector("[name=close]").addEventListener("click", () => {
  offer.hidden = true;
  from?.focus({ preventScroll: true });
});
