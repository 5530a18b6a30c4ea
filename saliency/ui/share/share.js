// What a link says of a form and of how maps are drawn, and what the lecture keeps of them. A link has it all behind the
// address's #, which browsers keep to themselves: the words of a link reach no server's log before they are restored.
const settings = () => [...document.querySelectorAll("#maps .toolbar :is(select, input)")];

// How maps are drawn, as a link says it.
function drawn() {
  return settings().map((control) => [control.name, control.type === "checkbox" ? Number(control.checked) : control.value]);
}

// What a link says of a tab's form; nothing of an empty one. A picture of one's own is never part of it.
function written(tab, names, picture, example, ...values) {
  const sentences = values.slice(0, names.length);
  const named = values.slice(names.length, -1).flat().filter(Boolean); // where the form has such
  if (!picture && !sentences.some(Boolean) && !named.length) return "";
  const fields = new URLSearchParams({ tab });
  if (picture) fields.set(...(example ? ["example", example] : ["picture", "own"]));
  names.forEach((name, i) => fields.set(name, sentences[i] ?? ""));
  for (const { name, sentence } of named) fields.set(`own.${name}`, sentence);
  fields.set("models", [values.at(-1) ?? []].flat().join(" "));
  return `${fields}`;
}

// Writes a form's values into the page's address, also after a link has filled it.
function note(tab, names, picture, example, ...values) {
  const detail = { tab, picture: Boolean(picture), fields: written(tab, names, picture, example, ...values) };
  document.dispatchEvent(new CustomEvent("form-changed", { detail }));
}

function filled(tab, names, picture, example, ...values) {
  const fields = (title) => written(tab, names, picture, title, ...values);
  document.dispatchEvent(new CustomEvent("form-filled", { detail: { tab, picture: Boolean(picture), fields } }));
}

// A control takes what it can mean: a select one of its options, a slider a number in its range.
function settle(link) {
  const fields = new URLSearchParams(link);
  for (const control of settings()) {
    const value = fields.get(control.name);
    if (value === null) continue;
    if (control.type === "checkbox") control.checked = value === "1";
    else if (control.tagName !== "SELECT" || [...control.options].some((option) => option.value === value)) control.value = value;
    control.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

// A lecture fills the forms; their earlier values are stored in the page and restored at the end.
function keep(...values) {
  document.body.keptForms = { values, link: new URLSearchParams(drawn()) };
}

function putBack() {
  const { values, link } = document.body.keptForms;
  settle(link);
  return values;
}
