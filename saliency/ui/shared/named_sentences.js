// Rows of a name and a sentence. `props.value` are those that are written, [{name, sentence}]: a visitor writes them here,
// and a link, an example, Undo or the lecture puts them here.

const rows = element.querySelector(".rows");
const add = element.querySelector("[name=add]");

const field = (row, name) => row.querySelector(`[name=${name}]`);
const written = () =>
  [...rows.children]
    .map((row) => ({ name: field(row, "name").value.trim(), sentence: field(row, "sentence").value.trim() }))
    .filter(({ sentence }) => sentence);

function changed() {
  props.value = written();
}

function freeName() {
  const taken = [...rows.children].map((row) => field(row, "name").value);
  const names = [..."ABCDEFGHIJ"].map((letter) => text("wording", { letter }));
  return names.find((name) => !taken.includes(name));
}

function input(name, value) {
  const made = node("input", { type: "text", name, "aria-label": text(name), placeholder: text(`${name}_example`), autocomplete: "off" });
  made.value = value;
  made.addEventListener("input", changed);
  return made;
}

function addRow({ name, sentence }) {
  const remove = node("button", { type: "button", name: "remove", "aria-label": text("remove", { name }) }, "×");
  const row = node("div", { class: "row", role: "group", "aria-label": name }, input("name", name), input("sentence", sentence), remove);
  field(row, "name").maxLength = 40; // conditions.LONGEST_NAME
  field(row, "name").addEventListener("input", ({ target }) => {
    row.setAttribute("aria-label", target.value);
    remove.setAttribute("aria-label", text("remove", { name: target.value }));
  });
  field(row, "sentence").addEventListener("keydown", ({ key }) => key === "Enter" && trigger("submit"));
  remove.addEventListener("click", () => {
    row.remove();
    add.hidden = false;
    add.focus();
    changed();
  });
  rows.append(row);
  add.hidden = rows.childElementCount >= props.most;
  return row;
}

function show(value) {
  const given = Array.isArray(value) ? value : []; // Gradio's empty value is a text
  if (JSON.stringify(given) === JSON.stringify(written())) return; // as it was written here
  rows.replaceChildren();
  add.hidden = false;
  given.forEach(addRow);
}

add.addEventListener("click", () => field(addRow({ name: freeName(), sentence: "" }), "sentence").focus());
watch("value", () => show(props.value));
show(props.value);
