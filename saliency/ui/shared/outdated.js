// Marks a component's result while it is not of what the fields hold (outdated.py).

const SETTLED = 400; // milliseconds: fields that are filled one after the other, and their answer, are compared once

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

// Whether the fields that the component's result depends on hold something else than `asked`.
function isOutdated(element, asked) {
  const fields = document.body.fields ?? {};
  const shown = Object.keys(fields).find((id) => element.closest(`#${id}`));
  if (!shown || !asked) return false;
  const { values, options } = fields[shown];
  const counts = (i) => !options.includes(i) || values.slice(1).flat().some(isFile);
  return values.some((value, i) => counts(i) && !isSame(value, asked[i]));
}

// Returns a function to be called with the fields' values of each answer that is drawn.
function markOutdated(element) {
  const result = element.querySelector(".result");
  const note = node("p", { class: "outdated-note", role: "status" });
  let asked = null; // what the result is of
  let settling = null;

  function mark() {
    const outdated = isOutdated(element, asked);
    if (result.classList.toggle("outdated", outdated) !== Boolean(note.textContent)) {
      note.textContent = outdated ? commonText("outdated") : "";
    }
  }

  // What belongs again is shown at once.
  function compareFields() {
    clearTimeout(settling);
    if (isOutdated(element, asked)) settling = setTimeout(mark, SETTLED);
    else mark();
  }

  result.prepend(note);
  document.addEventListener("fields-changed", compareFields);
  return (values) => {
    asked = values ?? null;
    compareFields();
  };
}
