// The browser's half of the error analysis. The server sends all scores once; choosing, sorting and drawing ask it for
// nothing. An evaluation, a report and a sample are asked for with `trigger`. error_charts.js stands in front of this file.

const PER_PAGE = 25;
const find = (selector) => element.querySelector(selector);
const control = (name) => find(`[name=${name}]`);

let study = null; // the last overview from the server: see errors.present_overview
let selection = []; // numbers of the chosen samples, in the order of the table
let order = { key: null, descending: false }; // key: of a column; null is the order of the data set
let page = 0;
let opened = null; // stem of the sample on view
let openings = 0; // how often one was opened
let wanted = new URLSearchParams(location.hash.slice(1)).get("sample"); // what the address names before there are scores
let busy = false; // an evaluation or a report is running
let asked = 0; // number of the newest question for intervals
let question = null; // what it asked for, as text
let intervals = null; // its answer, or what is still true of the last one; null where nothing is
let waiting = false; // whether the answer is not there yet: see errors.present_intervals
const thumbnails = new Map(); // data URIs by picture, null where there is none; the newest that were shown

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
  askForIntervals();
  drawCharts(name);
  drawTable();
}

function showCount() {
  find(".count").textContent = text("count", { n: selection.length, of: study.samples.stem.length });
}

const partial = () => selection.length < study.samples.stem.length;

function drawCharts(name) {
  const models = scoredModels();
  const values = (model) => selection.map((i) => study.scores[model.name][name][i]);
  const ends = axisEnds(models.map((model) => study.scores[model.name][name]));
  find(".histograms").replaceChildren(...models.map((model) => histogram(model.title, values(model), ends, name)));
  find(".pairs").hidden = models.length < 2;
  if (models.length > 1) drawScatter(name, ends);
  drawIntervals();
}

// The means and the differences of two models, with intervals; those of a selection when the server has answered.
function drawIntervals() {
  const { name, lower } = metric();
  const of = (rows) => (rows ?? []).filter((row) => row.metric === name);
  const conditions = [...study.conditions, ...(study.conditions.length > 1 ? ["macro"] : []), ...(partial() ? ["selection"] : [])];
  const options = { selected: selection.length, waiting };
  const means = [...of(study.means), ...of(intervals?.means)];
  find(".means .scroll").replaceChildren(meansTable("means", conditions, scoredModels(), means, name, options));
  if (find(".pairs").hidden) return;
  const [first, second] = pair().map(({ title }) => title);
  const column = [{ name: null, title: text("difference", { first, second }) }];
  const differences = meansTable("differences", conditions, column, of(intervals?.differences), name, { ...options, signed: true });
  find(".differences .scroll").replaceChildren(differences);
  find(".differences p").textContent = text(lower ? "differences_lower" : "differences_higher", { first, second });
}

// The models that are drawn against each other.
function pair() {
  return ["across", "up"].map((axis) => study.models.find((model) => model.name === control(axis).value));
}

// A model against itself says nothing: where both axes are one, the other one gives way.
function keepApart(changed) {
  const [own, other] = changed === "up" ? ["up", "across"] : ["across", "up"];
  if (control(own).value !== control(other).value) return;
  const free = scoredModels().find((model) => model.name !== control(own).value);
  if (free) control(other).value = free.name;
}

function drawScatter(name, ends) {
  const [across, up] = pair();
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
  const body = node("tbody", {}, ...shownRows().map((i) => row(i, shown)));
  find(".samples .scroll").replaceChildren(node("table", { "aria-label": text("samples") }, node("thead", {}, head), body));
  const pages = Math.max(1, Math.ceil(selection.length / PER_PAGE));
  find(".pager span").textContent = text("page", { page: page + 1, pages });
  control("previous").disabled = page === 0;
  control("next").disabled = page + 1 >= pages;
  control("csv").disabled = !selection.length;
  allowReport();
  askForThumbnails();
}

function shownRows() {
  return selection.slice(page * PER_PAGE, (page + 1) * PER_PAGE);
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
  const { stem, picture, condition, sentence } = study.samples;
  const small = node("img", { alt: "", "data-picture": picture[i] });
  showThumbnail(small);
  const name = node("button", { type: "button", "data-stem": stem[i] }, small, stem[i]);
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
  const stem = study.samples.stem[i];
  document.dispatchEvent(new CustomEvent("sample-opened", { detail: stem })); // see address.js
  openSample(stem);
}

function openSample(stem) {
  opened = stem;
  if (study.samples.stem.length) drawTable();
  find(".count").textContent = text("opening", { stem });
  trigger("open", { stem, opening: ++openings });
}

// Where the page's address leads: to a sample, scored or not, or (null) back from one.
function go(stem) {
  if (!study) wanted = stem;
  else if (stem && stem !== opened) openSample(stem);
  else if (!stem && opened) close();
}

function close() {
  opened = null;
  if (study.samples.stem.length) drawTable();
  document.dispatchEvent(new Event("sample-closed")); // see sample_view.js, which goes back to the row
}

// The sample is there; who meanwhile went back is not to see it.
function answered() {
  showCount();
  if (!opened) document.dispatchEvent(new Event("sample-closed"));
}

function ask(event, data) {
  showProgress({ task: event, done: 0, total: 0 });
  trigger(event, data);
}

let late = null;
let current = null; // the newest question, as it is sent

// What every key of a search changes is asked for once there is a pause. The answer has every metric.
function askForIntervals() {
  const [first, second] = pair().map((model) => model?.name ?? "");
  const stems = partial() ? selection.map((i) => study.samples.stem[i]).sort() : null;
  const fresh = JSON.stringify([first, second, stems]);
  if (fresh === question) return;
  // Another selection changes nothing about all samples of the same two models.
  const same = intervals && question && JSON.stringify(JSON.parse(question).slice(0, 2)) === JSON.stringify([first, second]);
  intervals = same ? { means: [], differences: intervals.differences.filter((row) => row.condition !== "selection") } : null;
  [question, waiting] = [fresh, true];
  current = { number: ++asked, first, second, stems };
  clearTimeout(late);
  late = setTimeout(() => trigger("intervals", current), 250);
}

const PICTURES_KEPT = 500;
let soon = null;

// Of the rows on view, those that are not there yet.
function askForThumbnails() {
  clearTimeout(soon);
  const { picture, stem } = study.samples;
  const wanted = new Map(shownRows().map((i) => [picture[i], stem[i]]).filter(([name]) => !thumbnails.has(name)));
  if (wanted.size) soon = setTimeout(() => trigger("thumbnails", { stems: [...wanted.values()] }), 150);
}

function keepThumbnails(answer) {
  const { picture, stem } = study.samples;
  for (const [name, uri] of Object.entries(answer)) thumbnails.set(picture[stem.indexOf(name)], uri);
  for (const name of thumbnails.keys()) if (thumbnails.size > PICTURES_KEPT) thumbnails.delete(name);
  for (const image of element.querySelectorAll("img[data-picture]")) showThumbnail(image);
}

function showThumbnail(image) {
  const uri = thumbnails.get(image.dataset.picture);
  if (uri) image.src = uri;
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

// One row per sample and model, as the analysis stores it; no text in it is a formula to a spreadsheet.
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
  const safe = (value) => (typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value));
  return lines.map((line) => line.map((value) => quoted(safe(value))).join(",")).join("\r\n") + "\r\n";
}

// ------------------------------------------------------------------------------------------------ the page

function options(name, entries) {
  const chosen = control(name).value;
  control(name).replaceChildren(...entries.map(([value, title]) => node("option", { value }, title)));
  if (entries.some(([value]) => value === chosen)) control(name).value = chosen;
}

function showStudy() {
  const { data, models } = study;
  const split = data.split ? text("about_split", { split: data.split }) : text("about_all");
  find(".about").replaceChildren(node("strong", {}, data.name), ` · ${text("about", data)} ${split}`);
  const before = [...element.querySelectorAll(".choice input")];
  const left = before.length
    ? before.filter((box) => !box.checked).map((box) => box.value)
    : models.filter((model) => model.baseline).map((model) => model.name);
  const boxes = models.map((model) => {
    const box = node("input", { type: "checkbox", value: model.name });
    box.checked = !left.includes(model.name);
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
  const unset = !control("metric").value;
  options("metric", study.metrics.map(({ name }) => [name, name]));
  // Without maps, or without fixations, not every metric has values.
  const valued = ({ name }) => scoredModels().some((model) => study.scores[model.name][name].some((value) => value !== null));
  if (unset) control("metric").value = (study.metrics.find(valued) ?? study.metrics[0]).name;
  options("condition", [["", text("every_condition")], ...study.conditions.map((name) => [name, text(name)])]);
  options("columns", [["", text("every_model")], ...titled.map(([name, title]) => [name, text("every_metric", { title })])]);
  for (const [number, axis] of ["across", "up"].entries()) {
    const fresh = !control(axis).value;
    options(axis, titled);
    if (fresh) control(axis).selectedIndex = Math.min(number, titled.length - 1);
  }
  keepApart("across");
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
    question = null; // there may be more scores than were asked about
    showStudy();
    go(wanted ?? opened);
    wanted = null;
  }
  if (value) showProgress(value.progress ?? null);
}

const scatter = new Scatter(find(".plane"), open, describe);
for (const name of ["metric", "condition", "words"]) control(name).addEventListener("input", update);
for (const name of ["across", "up"]) {
  control(name).addEventListener("input", () => {
    keepApart(name);
    update();
  });
}
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

// See errors.build.
document.addEventListener("sample-answered", answered);
document.addEventListener("sample-go", ({ detail }) => props.given && go(detail));
document.addEventListener("small-answered", ({ detail }) => keepThumbnails(detail));
document.addEventListener("intervals-answered", ({ detail }) => {
  // Gradio may send the data of an older event once more in place of the newest.
  if (detail.number !== asked) return trigger("intervals", current);
  [intervals, waiting] = [detail, false];
  drawIntervals();
});

find(".absent").hidden = props.given;
find(".study").hidden = !props.given;
watch("value", () => show(props.value));
if (props.given && !props.value) {
  find(".about").textContent = text("loading");
  trigger("shown");
} else {
  show(props.value);
}
