// Marks the component's result while it is not of what the fields hold (outdated.py). drawing.js stands in front of this
// file.

const SETTLED = 400; // milliseconds: fields that are filled one after the other, and their answer, are looked at once

const resultPart = element.querySelector(".result");
const outdatedNote = node("p", { class: "outdated-note", role: "status" });
let askedFor = null; // the fields' values that the result is of
let settling = null;

resultPart.prepend(outdatedNote);

const isFile = (value) => Boolean(value?.path);
const nameOf = (path) => path.split(/[\\/]/).slice(-2).join("/"); // the server names files by their content

// A field's value in the page is the one that an answer repeats.
function isSame(now, then) {
  if (isFile(now)) return typeof then === "string" && nameOf(now.path) === nameOf(then);
  if (now?.fixations) return now.fixations.length === then;
  if (Array.isArray(now)) {
    const [left, right] = [now, then ?? []].map((values) => [...values].sort());
    return left.length === right.length && left.every((value, i) => isSame(value, right[i]));
  }
  if (now && typeof now === "object") return JSON.stringify(now) === JSON.stringify(then);
  return (now ?? "") === (then ?? "");
}

function isOutdated() {
  const fields = document.body.fields ?? {};
  const shown = Object.keys(fields).find((id) => element.closest(`#${id}`));
  if (!shown || !askedFor) return false;
  const { values, options } = fields[shown];
  const counts = (i) => !options.includes(i) || values.slice(1).flat().some(isFile);
  return values.some((value, i) => counts(i) && !isSame(value, askedFor[i]));
}

function markOutdated() {
  const outdated = isOutdated();
  if (resultPart.classList.toggle("outdated", outdated) !== Boolean(outdatedNote.textContent)) {
    outdatedNote.textContent = outdated ? text("outdated") : "";
  }
}

// What belongs again is shown at once.
function compareFields() {
  clearTimeout(settling);
  if (isOutdated()) settling = setTimeout(markOutdated, SETTLED);
  else markOutdated();
}

// To be called when an answer is drawn.
function isOf(asked) {
  askedFor = asked ?? null;
  compareFields();
}

document.addEventListener("fields-changed", compareFields);
