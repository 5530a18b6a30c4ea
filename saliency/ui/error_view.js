// The browser's half of the error analysis. The server sends all scores once; choosing, sorting and drawing ask it for
// nothing. An evaluation, a report and a sample are asked for with `trigger`. drawing.js and error_charts.js stand in
// front of this file.

const PER_PAGE = 25;
const find = (selector) => element.querySelector(selector);
const control = (name) => find(`[name=${name}]`);

let study = null; // the last overview from the server: see errors.present_overview
let selection = []; // numbers of the chosen samples, in the order of the table
let order = { key: null, descending: false }; // key: of a column; null is the order of the data set
let page = 0;
let opened = null; // stem of the sample on view
let busy = false; // an evaluation or a report is running

// ------------------------------------------------------------------------------------------------ what is chosen

function scoredModels() {
  return study.models.filter((model) => model.scored);
}

function metric() {
  return study.metrics.find(({ name }) => name === control("metric").value);
}

// The columns of numbers of the table: one metric of every model and their mean, or every metric of one model.
function columns() {
  const model = control("columns").value;
  if (model) return study.metrics.map(({ name }) => ({ key: name, title: name, metric: name, values: study.scores[model][name] }));
  const { name } = metric();
  const shown = scoredModels().map((m) => ({ key: m.name, title: m.title, metric: name, values: study.scores[m.name][name] }));
  if (shown.length < 2) return shown;
  const values = study.samples.stem.map((_, i) => mean(shown.map((column) => column.values[i])));
  return [...shown, { key: "mean", title: text("mean"), metric: name, values }];
}

function matches() {
  const condition = control("condition").value;
  const words = control("words").value.toLowerCase().split(/\s+/).filter(Boolean);
  return (sample) => {
    const read = `${study.samples.sentence[sample]} ${study.samples.stem[sample]}`.toLowerCase();
    return (!condition || study.samples.condition[sample] === condition) && words.every((word) => read.includes(word));
  };
}

// What is undefined comes last, whichever way the rest is sorted.
function compare(values) {
  const sign = order.descending ? -1 : 1;
  return (a, b) => {
    const [left, right] = [values[a], values[b]];
    if (left === null || right === null) return (left === null) - (right === null);
    return sign * (left < right ? -1 : left > right ? 1 : 0);
  };
}

function select() {
  selection = study.samples.stem.map((_, i) => i).filter(matches());
  const byNumber = columns().find((column) => column.key === order.key);
  const values = byNumber ? byNumber.values : study.samples[order.key];
  if (values) selection.sort(compare(values));
}

// The choice in words, for the report.
function chosenText() {
  const parts = [];
  if (control("condition").value) parts.push(`${text("condition")}: ${text(control("condition").value)}.`);
  if (control("words").value.trim()) parts.push(`${text("words")}: ${control("words").value.trim()}.`);
  return parts.join(" ");
}

// ------------------------------------------------------------------------------------------------ drawing

function update() {
  select();
  page = 0;
  const { name, lower } = metric();
  showCount();
  find(".about-metric").textContent = `${text(`about_${name}`)}. ${text(lower ? "lower_better" : "higher_better")}`;
  drawCharts(name);
  drawTable();
}

function showCount() {
  find(".count").textContent = text("count", { n: selection.length, of: study.samples.stem.length });
}

function drawCharts(name) {
  const models = scoredModels();
  const values = (model) => selection.map((i) => study.scores[model.name][name][i]);
  const all = models.map((model) => study.scores[model.name][name]);
  const ends = axisEnds(all);
  const rows = study.means.filter((row) => row.metric === name);
  const extra = selection.length < study.samples.stem.length && {
    title: text("selection", { n: selection.length }),
    cells: selectionMeans(models, name),
  };
  find(".means .scroll").replaceChildren(meansTable(rows, models, name, extra));
  find(".histograms").replaceChildren(...models.map((model) => histogram(model.title, values(model), ends, name)));
  find(".pairs").hidden = models.length < 2;
  if (models.length > 1) drawScatter(name, ends);
}

// In the order of the data set: how the table is sorted is not to change what is drawn of the pictures.
function selectionMeans(models, name) {
  const samples = [...selection].sort((a, b) => a - b);
  const lists = models.map((model) => samples.map((i) => study.scores[model.name][name][i]));
  return meanIntervals(lists, samples.map((i) => study.samples.picture[i]));
}

function drawScatter(name, ends) {
  const [across, up] = ["across", "up"].map((axis) => study.models.find((model) => model.name === control(axis).value));
  const [xs, ys] = [across, up].map((model) => study.scores[model.name][name]);
  const points = selection
    .filter((i) => xs[i] !== null && ys[i] !== null)
    .map((i) => ({ sample: i, x: xs[i], y: ys[i], colour: CONDITION_COLOURS[study.samples.condition[i]] }));
  scatter.show(points, ends, name);
  const sign = metric().lower ? -1 : 1;
  const better = points.filter((point) => sign * (point.x - point.y) > 0).length;
  const share = points.length ? percent(better / points.length) : "–";
  scatter.canvas.setAttribute("aria-label", text("scatter_label", { across: across.title, up: up.title, metric: name, share, n: points.length }));
  find(".legend").replaceChildren(
    ...study.conditions.map((condition) => {
      const entry = node("span", {}, text(condition));
      entry.style.setProperty("--colour", CONDITION_COLOURS[condition]);
      return entry;
    }),
  );
}

function drawTable() {
  const shown = columns();
  const head = node("tr");
  for (const [key, title] of [["stem", text("sample")], ["condition", text("condition")], ["sentence", text("sentence")]]) {
    head.append(heading(key, title, false));
  }
  head.append(...shown.map((column) => heading(column.key, column.title, true)));
  const body = node("tbody", {}, ...selection.slice(page * PER_PAGE, (page + 1) * PER_PAGE).map((i) => row(i, shown)));
  find(".samples .scroll").replaceChildren(node("table", { "aria-label": text("samples") }, node("thead", {}, head), body));
  const pages = Math.max(1, Math.ceil(selection.length / PER_PAGE));
  find(".pager span").textContent = text("page", { page: page + 1, pages });
  control("previous").disabled = page === 0;
  control("next").disabled = page + 1 >= pages;
  control("csv").disabled = !selection.length;
  allowReport();
}

function heading(key, title, number) {
  const button = node("button", { type: "button", "data-key": key }, title);
  button.addEventListener("click", () => sortBy(key, order.key === key && !order.descending));
  const made = node("th", { scope: "col" }, button);
  made.classList.toggle("number", number);
  if (order.key === key) made.setAttribute("aria-sort", order.descending ? "descending" : "ascending");
  return made;
}

function sortBy(key, descending) {
  order = { key, descending };
  select();
  page = 0;
  drawTable();
  find(`[data-key="${CSS.escape(key)}"]`)?.focus();
}

function row(i, shown) {
  const { stem, condition, sentence } = study.samples;
  const name = node("button", { type: "button", "data-stem": stem[i] }, stem[i]);
  name.addEventListener("click", () => open(i));
  const line = node("tr", {}, node("th", { scope: "row" }, name), node("td", {}, text(condition[i])), node("td", { class: "sentence" }, sentence[i]));
  line.append(...shown.map((column) => node("td", { class: "number" }, scoreText(column.values[i], column.metric))));
  if (stem[i] === opened) line.setAttribute("aria-current", "true");
  return line;
}

function describe(i) {
  const { name } = metric();
  const scores = scoredModels().map((model) => `${model.title} ${scoreText(study.scores[model.name][name][i], name)}`);
  const { stem, condition, sentence } = study.samples;
  return `${stem[i]}, ${text(condition[i])}. ${sentence[i]} ${scores.join(", ")}`;
}

// ------------------------------------------------------------------------------------------------ asking the server

function open(i) {
  opened = study.samples.stem[i];
  drawTable();
  find(".count").textContent = text("opening", { stem: opened });
  trigger("open", { stem: opened });
}

function ask(event, data) {
  showProgress({ task: event, done: 0, total: 0 });
  trigger(event, data);
}

function allowReport() {
  control("report").disabled = busy || !selection.length;
}

function showProgress(progress) {
  find(".progress").hidden = !progress;
  control("evaluate").disabled = busy = Boolean(progress);
  allowReport();
  if (!progress) return;
  const bar = find("progress");
  if (progress.total) bar.value = progress.done / progress.total;
  else bar.removeAttribute("value");
  const key = progress.total ? `progress_${progress.task}` : "waiting";
  find(".progress span").textContent = text(key, progress);
}

// A row a sample and model, as the analysis keeps it.
function csv() {
  const quoted = (value) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
  const names = study.metrics.map(({ name }) => name);
  const lines = [["stem", "picture", "condition", "sentence", "model", ...names]];
  for (const i of selection) {
    for (const model of scoredModels()) {
      const identity = ["stem", "picture", "condition", "sentence"].map((column) => study.samples[column][i]);
      lines.push([...identity, model.name, ...names.map((name) => study.scores[model.name][name][i] ?? "")]);
    }
  }
  return lines.map((line) => line.map((value) => quoted(String(value))).join(",")).join("\r\n") + "\r\n";
}

// ------------------------------------------------------------------------------------------------ the page

function options(name, entries) {
  const kept = control(name).value;
  control(name).replaceChildren(...entries.map(([value, title]) => node("option", { value }, title)));
  if (entries.some(([value]) => value === kept)) control(name).value = kept;
}

function showStudy() {
  const { data, models } = study;
  const split = data.split ? text("about_split", { split: data.split }) : text("about_all");
  find(".about").replaceChildren(node("strong", {}, data.name), ` · ${text("about", data)} ${split}`);
  const kept = new Set([...element.querySelectorAll(".choice input:not(:checked)")].map((box) => box.value));
  const boxes = models.map((model) => {
    const box = node("input", { type: "checkbox", value: model.name });
    box.checked = !kept.has(model.name);
    return node("label", {}, box, model.title, node("span", { class: "faint" }, text("scored", { n: model.scored, of: data.samples })));
  });
  find(".choice").replaceChildren(find(".choice legend"), ...boxes);
  showLeftOut(study.left_out);
  find(".notices").replaceChildren(...study.notices.map((notice) => node("li", {}, notice)));
  const any = study.samples.stem.length > 0;
  find(".study > .welcome").hidden = any;
  find(".results").hidden = !any;
  if (!any) return;
  const titled = scoredModels().map((model) => [model.name, model.title]);
  options("metric", study.metrics.map(({ name }) => [name, name]));
  options("condition", [["", text("every_condition")], ...study.conditions.map((name) => [name, text(name)])]);
  options("columns", [["", text("every_model")], ...titled.map(([name, title]) => [name, text("every_metric", { title })])]);
  for (const [number, axis] of ["across", "up"].entries()) {
    const fresh = !control(axis).value;
    options(axis, titled);
    if (fresh) control(axis).selectedIndex = Math.min(number, titled.length - 1);
  }
  control("worst").textContent = text(study.conditions.includes("non_salient") ? "worst_non_salient" : "worst");
  update();
}

// Few are shown at once; of many, whoever wants them opens the list.
function showLeftOut(entries) {
  const list = find(".left-out");
  list.hidden = !entries.length;
  list.open = entries.length < 4;
  const samples = new Set(entries.map(({ stem }) => stem)).size;
  list.querySelector("summary").textContent = text(samples === 1 ? "left_out_one" : "left_out", { n: samples });
  list.querySelector("ul").replaceChildren(
    ...entries.map(({ stem, models, why }) => node("li", {}, node("strong", {}, stem), models ? ` (${models})` : "", `: ${why}`)),
  );
}

function worstFirst() {
  if (study.conditions.includes("non_salient")) control("condition").value = "non_salient";
  control("columns").value = "";
  order = { key: columns().at(-1).key, descending: metric().lower };
  update();
}

function clear() {
  control("condition").value = control("words").value = "";
  order = { key: null, descending: false };
  update();
}

function turn(by) {
  page += by;
  drawTable();
}

function show(value) {
  if (value?.samples) {
    study = value;
    showStudy();
  }
  if (value) showProgress(value.progress ?? null);
}

const scatter = new Scatter(find(".plane"), open, describe);
for (const name of ["metric", "condition", "words", "across", "up"]) control(name).addEventListener("input", update);
control("columns").addEventListener("input", () => {
  order = { key: null, descending: false };
  update();
});
control("worst").addEventListener("click", worstFirst);
control("clear").addEventListener("click", clear);
control("previous").addEventListener("click", () => turn(-1));
control("next").addEventListener("click", () => turn(1));
control("csv").addEventListener("click", () => saveFile("saliency-errors.csv", csv(), "text/csv"));
control("report").addEventListener("click", () =>
  ask("report", { stems: selection.map((i) => study.samples.stem[i]), chosen: chosenText() }),
);
control("evaluate").addEventListener("click", () =>
  ask("evaluate", { models: [...element.querySelectorAll(".choice input:checked")].map((box) => box.value) }),
);
control("cancel").addEventListener("click", () => trigger("cancel"));

document.addEventListener("sample-answered", showCount); // see errors.build

find(".absent").hidden = props.given;
find(".study").hidden = !props.given;
watch("value", () => show(props.value));
if (props.given && !props.value) {
  find(".about").textContent = text("loading");
  trigger("shown");
} else {
  show(props.value);
}
