// The browser's half of the table of scores: builds it anew for the condition that is chosen.

const ORDER = ["macro", "pure", "general", "whole", "salient", "non_salient"];
const { conditions, metrics, models, split, data } = props.table;
const [chosen, note] = ["[name=condition]", ".note"].map((selector) => element.querySelector(selector));
const milliseconds = new Map(); // model -> as it was measured here, in this visit

// The best of a column after rounding: equal digits are equally good.
function best(cells, { name, lower }) {
  const shown = cells.filter(Boolean).map(([mean]) => mean);
  return shown.length > 1 ? scoreText(lower ? Math.min(...shown) : Math.max(...shown), name) : null;
}

function cell(value, { name }, winner) {
  if (!value) return node("td", { class: "number" }, "–");
  const [mean, low, high] = value.map((number) => scoreText(number, name));
  const shown = node("td", { class: mean === winner ? "number best" : "number" }, mean);
  if (mean === winner) shown.append(node("span", { class: "visually-hidden" }, ` (${text("best")})`));
  shown.append(node("small", {}, `${low}–${high}`));
  return shown;
}

function header({ name, lower }) {
  const about = `about_${name}` in TEXTS ? text(`about_${name}`) : "";
  const shown = node("th", { scope: "col", class: "number", title: about }, `${name} `, node("span", { "aria-hidden": "true" }, lower ? "↓" : "↑"));
  shown.append(node("span", { class: "visually-hidden" }, text(lower ? "lower_better" : "higher_better")));
  return shown;
}

function headings() {
  const row = node("tr", {}, node("th", { scope: "col" }, text("model")), ...metrics.map(header));
  if (props.timed) {
    row.append(node("th", { scope: "col", class: "number" }, text("size")));
    row.append(node("th", { scope: "col", class: "number", title: text("about_speed") }, text("speed")));
  }
  return row;
}

function draw() {
  const condition = chosen.value;
  const values = models.map(({ scores }) => scores[condition] ?? metrics.map(() => null));
  const winners = metrics.map((metric, i) => best(values.map((row) => row[i]), metric));
  const rows = models.map(({ name, title, file }, i) => {
    const row = node("tr", {}, node("th", { scope: "row" }, title));
    row.append(...metrics.map((metric, j) => cell(values[i][j], metric, winners[j])));
    if (!props.timed) return row;
    row.append(node("td", { class: "number" }, file ? `${fixed(file / 1e6, 1)} MB` : "–"));
    row.append(node("td", { class: "number" }, milliseconds.has(name) ? `${fixed(milliseconds.get(name), 0)} ms` : "–"));
    return row;
  });
  const body = [node("thead", {}, headings()), node("tbody", {}, ...rows)];
  element.querySelector(".scroll").replaceChildren(node("table", { "aria-label": text("scores") }, ...body));
  const n = Math.max(0, ...models.map((model) => model.n[condition] ?? 0));
  note.textContent = text("samples", { n });
}

const listed = [...ORDER.filter((name) => conditions.includes(name)), ...conditions.filter((name) => !ORDER.includes(name))];
chosen.append(...listed.map((condition) => node("option", { value: condition }, conditionName(condition, text))));
chosen.addEventListener("input", draw);

const measuredOn = element.querySelector(".measured-on");
measuredOn.textContent = [data ? text("validation_on", { data }) : text("split_on", { data: split }), props.timed ? text("about_speed") : ""].join(" ");
for (const part of element.querySelectorAll(".above, .scroll, .measured-on")) part.hidden = !conditions.length;

if (props.timed) {
  document.addEventListener("measured", ({ detail: { model, seconds } }) => {
    milliseconds.set(model, seconds * 1000);
    draw();
  });
}
draw();
