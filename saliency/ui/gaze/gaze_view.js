// The browser's half of the scoring: the visitors' density and every model's map over the picture, best model first.

const isOf = props.live ? null : markOutdated(element); // a class's fields are its own
const FEW = 5; // fixations; below, the numbers say little
const MOST_MARKS = 300; // drawn on a map; more would hide it

const controls = { opacity: element.querySelector("[name=opacity]"), marks: element.querySelector("[name=marks]") };
const part = (name) => element.querySelector(`.${name}`);

let maps = []; // MapCanvas of the visitors and of each model
let held = null; // {picture, decoded: a map by its model} of the scoring that brought them; later ones may not
let newest = 0; // number of the last scoring that arrived; an older one still decoding is dropped

function draw() {
  const table = cover(colourTable("viridis"), Number(controls.opacity.value) / 100, 0, false);
  for (const map of maps) {
    map.colour(table, extent(map.map.values));
    map.draw();
  }
  for (const marks of element.querySelectorAll(".marks")) marks.hidden = !controls.marks.checked;
}

// ---------------------------------------------------------------------------------------------------- page building

function buildFigure(map, { fixations, size }, title, note) {
  const marks = fixations.slice(0, MOST_MARKS).map(({ x, y }) => {
    const mark = node("span", { class: "mark" });
    mark.style.left = `${((x + 0.5) / size.width) * 100}%`;
    mark.style.top = `${((y + 0.5) / size.height) * 100}%`;
    return mark;
  });
  const frame = node("div", { class: "frame" }, map.canvas, node("div", { class: "marks", "aria-hidden": "true" }, ...marks));
  return node("figure", {}, node("figcaption", {}, node("strong", {}, title), node("span", {}, note)), frame);
}

function buildMaps(view, picture, [gaze, ...decoded]) {
  const nss = Object.fromEntries(view.table.rows.map((row) => [row[0], fixed(row[view.table.columns.indexOf("NSS")], 2)]));
  const own = new MapCanvas(picture, gaze, text("yours_label", { where: whereText(view.gaze.where) }));
  const figure = buildFigure(own, view, text("yours"), "");
  figure.classList.add("yours");
  const others = view.models.map((model, i) => {
    const label = text("model_label", { model: model.title, rank: i + 1, where: whereText(model.where) });
    return new MapCanvas(picture, decoded[i], label);
  });
  const figures = view.models.map((model, i) =>
    buildFigure(others[i], view, `${i + 1}. ${model.title}`, text("nss", { nss: nss[model.name] })),
  );
  part("maps").replaceChildren(figure, ...figures);
  return [own, ...others];
}

function best({ table, models }) {
  const nss = table.rows[0][table.columns.indexOf("NSS")];
  return text(nss > 0 ? "best" : "none", { model: models[0].title, nss: fixed(nss, 2) });
}

function basis({ fixations, people, blur, sentence }) {
  const counts = { fixations: fixations.length, people: people.length };
  const known = blur.degrees !== null;
  return [
    text(people.length > 1 ? "basis" : "basis_one", counts),
    text(known ? "blur_degrees" : "blur", { pixels: fixed(blur.pixels, 1), degrees: known ? fixed(blur.degrees, 1) : "" }),
    ...(sentence ? [text("sentence", { sentence })] : []),
  ].join(" ");
}

function notices(view) {
  const few = view.fixations.length < FEW ? [text("few", { count: view.fixations.length })] : [];
  return [...few, ...view.notices].map((notice) => node("p", {}, notice));
}

async function hold(view) {
  const [picture, ...decoded] = await Promise.all([loadImage(view.picture.jpeg), ...view.models.map(decodeMap)]);
  held = { picture, decoded: new Map(view.models.map(({ name }, i) => [name, decoded[i]])) };
}

async function show(view) {
  const mine = ++newest;
  const filled = Boolean(view && view.table);
  if (filled) {
    const [gaze] = await Promise.all([decodeMap(view.gaze), ...(view.picture ? [hold(view)] : [])]);
    if (mine !== newest || !held) return;
    maps = buildMaps(view, held.picture, [gaze, ...view.models.map(({ name }) => held.decoded.get(name))]);
    part("notices").replaceChildren(...notices(view));
    part("basis").textContent = basis(view);
    part("tables").replaceChildren(...buildTables([view.table], view.models, text));
    part("provenance").replaceChildren(...provenanceLines(view.provenance));
    draw();
    isOf?.(view.asked);
  }
  part("welcome").hidden = filled;
  part("result").hidden = !filled;
  if (!filled) return;
  part("best").textContent = best(view); // once the region exists, so that it is announced
  if (!props.live) reveal(part("result"));
}

for (const control of Object.values(controls)) control.addEventListener("input", draw);
watch("value", () => show(props.value));
show(props.value);
