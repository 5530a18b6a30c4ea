// The browser's half of the Models tab: builds the cards once from `props.cards` and writes each measurement, the
// component's value, into its card.

const speeds = new Map(); // model -> {button, stop, status, bar, result}: the parts of a card that a measurement changes
const SOON = 500; // milliseconds until the server knows of a measurement for sure, and can end it
let measuring = null; // the model being measured
let began = 0; // when that was asked for

// ------------------------------------------------------------------------------------------------------ the card


// What a card says, in the visitor's language where there is a translation.
function inLanguage(sentence) {
  return (LANGUAGE === "zh" && props.chinese[sentence]) || sentence;
}

function fact(key, value) {
  const description = node("dd", {});
  description.append(value === null || value === "" ? text("unknown") : value);
  return [node("dt", {}, text(key)), description];
}

function buildFacts(card) {
  const { width, height, fit } = card.preprocessing;
  return node(
    "dl",
    { class: "facts" },
    ...fact("how", text(card.reads ?? "writes")),
    ...(card.reads ? fact("encoder", card.text_encoder || text("none")) : fact("tokeniser", card.text_encoder)),
    ...fact("paper", buildPaper(card)),
    ...fact("parameters", card.sha256 ? text("millions", { count: fixed(card.parameters / 1e6, 1) }) : text("none")),
    ...(card.file === null ? [] : fact("file", buildFile(card))),
    ...fact("input", fit === "within" ? text("own_size", { width, height }) : `${width} × ${height}`),
    ...fact("licence", inLanguage(card.licence)),
  );
}

function buildFile({ sha256, file, dtype }) {
  return sha256 ? text("megabytes", { size: fixed(file / 1e6, 1), dtype }) : text("none");
}

function buildPaper({ paper, link }) {
  return link ? node("a", { href: link, target: "_blank", rel: "noopener" }, paper) : paper;
}

// What identifies a checkpoint exactly.
function buildVersion(card) {
  const facts = node(
    "dl",
    { class: "facts" },
    ...fact("preset", card.preset),
    ...fact("sha256", card.sha256 ? node("code", {}, card.sha256) : text("none")),
    ...fact("seed", card.seed === null ? null : String(card.seed)),
    ...fact("revision", card.revision && node("code", {}, card.revision)),
    ...fact("created", card.created),
  );
  return node("details", { class: "version" }, node("summary", {}, text("version")), facts);
}

function buildTable(label, headings, rows) {
  const head = node("tr", {}, ...headings);
  const body = node("tbody", {}, ...rows);
  const table = node("table", { "aria-label": label }, node("thead", {}, head), body);
  return node("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label }, table);
}

function buildScore(value) {
  if (!value) return node("td", { class: "number" }, "–");
  const [mean, low, high] = value.map((number) => fixed(number, 3));
  return node("td", { class: "number" }, mean, node("small", {}, `${low}–${high}`));
}

function buildScores(card, scores) {
  const measuredOn = scores.data
    ? text("validation_on", { data: scores.data })
    : text("split_on", { data: scores.split });
  const headings = [node("th", { scope: "col" }, text("condition"))];
  for (const metric of scores.metrics) {
    const about = `about_${metric}`;
    const help = about in TEXTS ? text(about) : "";
    headings.push(node("th", { scope: "col", class: "number", title: help }, metric));
  }
  headings.push(node("th", { scope: "col", class: "number" }, text("samples")));
  const ordered = [...scores.rows].sort((a, b) => CONDITIONS.indexOf(a.condition) - CONDITIONS.indexOf(b.condition));
  const rows = ordered.map(({ condition, values, n }) => {
    const name = conditionName(condition, text);
    const row = node("tr", {}, node("th", { scope: "row" }, name), ...values.map(buildScore));
    row.append(node("td", { class: "number" }, String(n)));
    row.classList.toggle("mean", condition === "macro");
    return row;
  });
  return [node("p", { class: "note" }, measuredOn), buildTable(`${card.title}: ${text("numbers")}`, headings, rows)];
}

// Of a model of objects against masks, without a sentence.
function buildObjectScores(card) {
  const measured = Object.entries(card.objects);
  const headings = [...measured.map(([metric]) => metric), text("samples")].map((name) =>
    node("th", { scope: "col", class: "number" }, name),
  );
  const row = node("tr", {}, ...measured.map(([, { mean, low, high }]) => buildScore([mean, low, high])));
  row.append(node("td", { class: "number" }, String(measured[0][1].n)));
  const note = node("p", { class: "note" }, text("objects_on"));
  return [note, buildTable(`${card.title}: ${text("numbers")}`, headings, [row])];
}

function buildNumbers(card) {
  const part = node("section", {}, node("h3", {}, text(card.captions ? "numbers_captions" : "numbers")));
  if (!card.scores.length && !card.captions && !card.objects) part.append(node("p", { class: "note" }, text("unmeasured")));
  for (const scores of card.scores) part.append(...buildScores(card, scores));
  if (card.grounding) {
    const { phrases, pointing, box_auc } = card.grounding;
    part.append(node("p", {}, text("pointing", { phrases, share: percent(pointing), auc: fixed(box_auc, 3) })));
  }
  if (card.objects) part.append(...buildObjectScores(card));
  if (card.captions) {
    const { cider, bleu_4, nearest_cider, nearest_bleu_4 } = card.captions;
    const [mean, low, high, bleu] = [cider.mean, cider.low, cider.high, bleu_4].map((number) => fixed(number, 3));
    const nearest = { cider: fixed(nearest_cider, 3), bleu: fixed(nearest_bleu_4, 3) };
    part.append(
      node("p", {}, text("captions", { n: cider.n, mean, low, high, bleu })),
      node("p", {}, text("captions_nearest", nearest)),
    );
  }
  return part;
}

function buildData(card) {
  const headings = ["data_name", "data_use", "data_terms"].map((key) => node("th", { scope: "col" }, text(key)));
  const rows = card.data.map(({ name, use, terms }) =>
    node("tr", {}, node("th", { scope: "row" }, name), node("td", {}, inLanguage(use)), node("td", {}, inLanguage(terms))),
  );
  const missing = text(card.sha256 ? "unknown" : "learns_nothing");
  const content = rows.length ? buildTable(`${card.title}: ${text("data")}`, headings, rows) : missing;
  return node("section", {}, node("h3", {}, text("data")), content);
}

function buildList(key, entries, none = "unknown") {
  const items = entries.length ? entries.map(inLanguage) : [text(none)];
  const list = node("ul", {}, ...items.map((entry) => node("li", {}, entry)));
  return node("section", {}, node("h3", {}, text(key)), list);
}

function buildOrigin(card) {
  const begins = Object.keys(card.recipe).length && !card.recipe.start;
  return buildList("origin", card.origin, card.sha256 ? (begins ? "from_nothing" : "unknown") : "learns_nothing");
}

function buildPrior({ title, prior }) {
  const { png, rows, columns } = prior;
  const [low, high] = [fixed(prior.low, 3), fixed(prior.high, 3)];
  const picture = node("img", { src: png, alt: text("prior_picture", { title }) });
  const caption = node("figcaption", {}, text("prior_says", { rows, columns, low, high }));
  return node("section", {}, node("h3", {}, text("prior")), node("figure", { class: "prior" }, picture, caption));
}

function buildRecipe(card) {
  // What it builds on comes after its own.
  const shown = { ...card.recipe, ...(Object.keys(card.parts).length && { parts: card.parts }) };
  const recipe = node("pre", { tabindex: "0" }, JSON.stringify(shown, null, 2));
  return node("details", {}, node("summary", {}, text("recipe")), recipe);
}

function buildCard(card) {
  const id = `model-card-${card.name}`;
  const title = node("h2", { id }, card.title, " ", node("span", { class: "name" }, card.name));
  return node(
    "article",
    { "aria-labelledby": id },
    title,
    node("p", { class: "summary" }, inLanguage(card.summary)),
    node("div", { class: "columns first" }, buildFacts(card), buildNumbers(card)),
    node("div", { class: "columns" }, buildData(card), buildList("limits", card.limits)),
    node("div", { class: "columns" }, buildOrigin(card), ...(card.reads ? [buildSpeed(card)] : [])),
    ...(card.prior ? [node("div", { class: "columns" }, buildPrior(card))] : []),
    buildVersion(card),
    ...(card.sha256 ? [buildRecipe(card)] : []),
  );
}

// --------------------------------------------------------------------------------------------------- measurement

function buildSpeed(card) {
  const parts = {
    button: node("button", { type: "button" }, text("measure")),
    stop: node("button", { type: "button", hidden: "" }, text("stop")),
    bar: node("progress", { max: "1", value: "0", hidden: "", "aria-label": text("speed") }),
    status: node("p", { role: "status" }),
    result: node("div", { class: "measured" }),
  };
  parts.button.setAttribute("aria-label", `${text("measure")}: ${card.title}`);
  parts.button.addEventListener("click", () => start(card.name));
  parts.stop.addEventListener("click", stop);
  speeds.set(card.name, parts);
  const row = node("div", { class: "actions" }, parts.button, parts.stop, parts.bar);
  return node("section", {}, node("h3", {}, text("speed")), row, parts.status, parts.result);
}

function start(model) {
  [measuring, began] = [model, performance.now()];
  const parts = speeds.get(model);
  parts.bar.value = 0;
  parts.result.replaceChildren();
  idle(false);
  parts.status.textContent = text("waiting");
  parts.stop.focus();
  trigger("measure", { model });
}

function stop() {
  const parts = speeds.get(measuring);
  setTimeout(() => trigger("cancel"), began + SOON - performance.now());
  finish(text("stopped"));
  parts.button.focus();
}

function finish(message) {
  speeds.get(measuring).status.textContent = message;
  measuring = null;
  idle(true);
}

// One model is measured at a time: two would slow each other down.
function idle(now) {
  for (const [model, parts] of speeds) {
    parts.button.disabled = !now;
    parts.stop.hidden = parts.bar.hidden = now || model !== measuring;
  }
}

function write(view) {
  if (!measuring) return; // stopped; an answer was still under way
  if (!view) return finish(text("failed"));
  if (view.model !== measuring) return;
  const parts = speeds.get(view.model);
  parts.bar.value = view.done / view.rounds;
  parts.status.textContent = text("progress", view);
  if (view.done < view.rounds) return;
  parts.result.replaceChildren(...results(view).map((line) => node("p", {}, line)));
  parts.button.textContent = text("again");
  document.dispatchEvent(new CustomEvent("measured", { detail: { model: view.model, seconds: view.seconds.total } }));
  finish("");
}

function results({ seconds, maps, rounds, picture, memory, machine, time }) {
  const [width, height] = picture;
  const ms = (stage) => fixed(seconds[stage] * 1000, 0);
  const clock = new Date(time).toLocaleTimeString(LANGUAGE);
  const stages = ["picture", "image_encoder", "text_encoder", "decoder", "resize"];
  return [
    text("result", { total: ms("total"), maps, width, height, rounds, time: clock }),
    `${text("stages")}: ${stages.map((stage) => text(stage, { ms: ms(stage) })).join(", ")}.`,
    text("memory", { memory: fixed(memory / 1e6, 1) }),
    text("machine", machine),
  ];
}

element.querySelector(".cards").append(...props.cards.map(buildCard));
watch("value", () => write(props.value));
