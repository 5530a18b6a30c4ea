// The browser's half of the comparison: draws every map over the picture and reacts to the controls without asking the
// server for anything. A map is decoded once to floats; a control only looks colours up and draws. drawing.js stands
// in front of this file.

const controls = {
  opacity: element.querySelector("[name=opacity]"),
  threshold: element.querySelector("[name=threshold]"),
  colours: element.querySelector("[name=colours]"),
  scale: element.querySelector("[name=scale]"),
  layer: element.querySelector("[name=layer]"),
};
const parts = {
  welcome: element.querySelector(".welcome"),
  result: element.querySelector(".result"),
  maps: element.querySelector(".maps"),
  notices: element.querySelector(".notices"),
  tables: element.querySelector(".tables"),
  provenance: element.querySelector(".provenance"),
  bar: element.querySelector(".colour-bar canvas"),
  barLow: element.querySelector(".bar-low"),
  barHigh: element.querySelector(".bar-high"),
};

let cells = []; // one a map: {drawing, mark, reading, width, height, absolute, difference}
let picture = null; // the decoded picture under every map
let newest = 0; // number of the last comparison that arrived; an older one still decoding is dropped

// -------------------------------------------------------------------------------------------------------- drawing

// What the present controls show of a cell: values and the two ends of its colour scale.
function shown(cell) {
  return controls.layer.value === "difference" ? cell.difference : cell.absolute;
}

function scaleEnds(cell, shared) {
  return controls.scale.value === "shared" ? shared : shown(cell).ends;
}

function sharedEnds() {
  const ends = cells.map((cell) => shown(cell).ends);
  return [Math.min(...ends.map((end) => end[0])), Math.max(...ends.map((end) => end[1]))];
}

function drawBar(table, shared, difference) {
  drawColourBar(parts.bar, table);
  const own = controls.scale.value === "own";
  parts.barLow.textContent = own ? (difference ? "less gaze" : "least") : times(shared[0], difference);
  parts.barHigh.textContent = own ? (difference ? "more gaze" : "most") : times(shared[1], difference);
  parts.bar.setAttribute("aria-label", `Colour scale from ${parts.barLow.textContent} to ${parts.barHigh.textContent}`);
}

function draw() {
  if (!cells.length) return;
  const difference = controls.layer.value === "difference";
  const table = colourTable(difference ? "difference" : controls.colours.value);
  const shared = sharedEnds();
  controls.colours.disabled = difference;
  drawBar(table, shared, difference);
  cover(table, Number(controls.opacity.value) / 100, Number(controls.threshold.value) / 100, difference);
  for (const cell of cells) {
    cell.drawing.colour(table, scaleEnds(cell, shared), shown(cell).values);
    cell.drawing.draw();
  }
}

// ------------------------------------------------------------------------------------------------ linked cross-hair

function point(event) {
  const frame = event.currentTarget.getBoundingClientRect();
  const x = Math.min(Math.max((event.clientX - frame.left) / frame.width, 0), 0.9999);
  const y = Math.min(Math.max((event.clientY - frame.top) / frame.height, 0), 0.9999);
  const difference = controls.layer.value === "difference";
  for (const cell of cells) {
    const index = Math.floor(y * cell.height) * cell.width + Math.floor(x * cell.width);
    cell.mark.style.left = `${x * 100}%`;
    cell.mark.style.top = `${y * 100}%`;
    cell.mark.hidden = cell.reading.hidden = false;
    cell.reading.textContent = times(shown(cell).values[index], difference);
  }
}

function unpoint() {
  for (const cell of cells) cell.mark.hidden = cell.reading.hidden = true;
}

// ---------------------------------------------------------------------------------------------------- page building

function buildCell(map, decoded, pure) {
  const drawing = new MapCanvas(picture, decoded, map.label);
  const mark = node("span", { class: "mark", hidden: "" });
  const reading = node("span", { class: "reading", hidden: "" });
  const frame = node("div", { class: "frame" }, drawing.canvas, mark, reading);
  frame.addEventListener("pointermove", point);
  frame.addEventListener("pointerdown", point);
  frame.addEventListener("pointerleave", unpoint);

  const difference = decoded.values.map((value, i) => value - pure.values[i]);
  const most = Math.max(...extent(difference).map(Math.abs)) || 1;
  const cell = {
    drawing,
    mark,
    reading,
    width: decoded.width,
    height: decoded.height,
    absolute: { values: decoded.values, ends: extent(decoded.values) },
    difference: { values: difference, ends: [-most, most] },
  };
  return { cell, frame };
}

function buildHeader(condition) {
  const header = node("div", { role: "columnheader", class: "condition" }, node("strong", {}, condition.title));
  header.append(node("p", { class: condition.sentence ? "sentence" : "sentence none", title: condition.sentence }));
  header.lastChild.textContent = condition.sentence || "The picture alone";
  return header;
}

function buildGrid(view, decoded) {
  const find = (model, condition) =>
    view.maps.findIndex((map) => map.model === model.name && map.condition === condition.name);
  const built = [];
  const headings = node("div", { role: "row", class: "row headings" });
  headings.append(node("span", { role: "columnheader", class: "visually-hidden" }, "Model"));
  headings.append(...view.conditions.map(buildHeader));
  const rows = view.models.map((model) => {
    const row = node("div", { role: "row", class: "row" });
    row.append(node("div", { role: "rowheader", class: "model" }, node("span", {}, model.title)));
    const pure = decoded[find(model, view.conditions[0])];
    for (const condition of view.conditions) {
      const at = find(model, condition);
      const { cell, frame } = buildCell(view.maps[at], decoded[at], pure);
      built.push(cell);
      row.append(node("div", { role: "cell" }, frame));
    }
    return row;
  });
  const grid = node("div", { role: "table", class: "grid", "aria-label": "Predicted gaze by model and sentence" });
  grid.style.setProperty("--columns", view.conditions.length);
  grid.append(headings, ...rows);
  parts.maps.replaceChildren(grid);
  return built;
}

function formatted(value, column) {
  if (value === null) return "–";
  return typeof value === "number" ? fixed(value, column.digits) : value;
}

function buildTable(table) {
  const head = node("tr");
  for (const column of table.columns) {
    head.append(node("th", { scope: "col", title: column.help }, column.title));
    head.lastChild.classList.toggle("number", column.digits !== null);
  }
  const body = node("tbody");
  for (const row of table.rows) {
    body.append(node("tr"));
    row.forEach((value, i) => {
      const column = table.columns[i];
      const cell = i ? node("td") : node("th", { scope: "row" });
      cell.textContent = formatted(value, column);
      cell.classList.toggle("number", column.digits !== null);
      body.lastChild.append(cell);
    });
  }
  return node(
    "figure",
    {},
    node("figcaption", {}, node("strong", {}, table.title), node("p", {}, table.note)),
    node("div", { class: "scroll" }, node("table", { "aria-label": table.title }, node("thead", {}, head), body)),
  );
}

async function show(view) {
  const mine = ++newest;
  const filled = Boolean(view && view.maps);
  if (filled) {
    const images = [loadImage(view.picture.jpeg), ...view.maps.map(decodeMap)];
    const [loaded, ...decoded] = await Promise.all(images);
    if (mine !== newest) return;
    picture = loaded;
    cells = buildGrid(view, decoded);
    parts.notices.replaceChildren(...view.notices.map((notice) => node("p", {}, notice)));
    parts.tables.replaceChildren(...view.tables.map(buildTable));
    parts.provenance.replaceChildren(...view.provenance.map((line) => node("span", {}, line)));
    draw();
  }
  parts.welcome.hidden = filled;
  parts.result.hidden = !filled;
  if (filled) reveal(parts.result);
}

for (const control of Object.values(controls)) control.addEventListener("input", draw);
watch("value", () => show(props.value));
show(props.value);
