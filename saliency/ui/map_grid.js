// The browser's half of the comparison: draws every map over the picture and reacts to the controls without asking the
// server for anything. This file is the body of Gradio's `js_on_load`: `element`, `props` and `watch` come from there.
//
// A map arrives as an 8-bit grey PNG with the two values that 0 and 255 stand for, in multiples of the picture's average
// density. It is decoded once to floats; a control only looks colours up and draws. Text from people goes through
// `textContent` alone and is never parsed as HTML.

// Thirty-three samples of each colour map (Matplotlib's; all but turbo are perceptually uniform), interpolated to 256.
const COLOUR_MAPS = {
  viridis:
    "440154470d6048186a482374472d7b4537814240863e49893b528b375b8d33638d2f6b8e2c728e297a8e26828e23898e21918c" +
    "1f988b1fa08822a78528ae8032b67a3fbc734ec36b5ec96270cf5784d44b98d83eaddc30c2df23d8e219ece51bfde725",
  cividis:
    "00224e00285b002e6a0533711a386f273e6e32436d3b496c434e6c4b546c535a6d5a5f6e61656f686a716f70737676767d7c78" +
    "8482798c8878938e789b9476a39a74aba072b4a76fbcae6cc4b468cdbb63d5c25edec958e7d150f0d846f9e03afee838",
  inferno:
    "0000040403120b0724150b37210c4a2f0a5b3d09654a0c6b57106e64156e71196e7d1e6d8a226a972766a32c61b0315bbc3754" +
    "c73e4cd24644db503be45a31eb6628f1731df68013f98e09fb9d07fcac11fbbc21f9cb35f5db4cf2ea69f3f68afcffa4",
  magma:
    "0000040303120a0822130d341d114729115a36106b440f7651127c5d177f6a1c81762181832681902a819c2e7faa337db73779" +
    "c43c75d0416fdc4869e75263ef5d5ef56b5cf9795dfc8961fd9869fea772feb67cfec488fed395fde2a3fcf0b2fcfdbf",
  turbo:
    "30123b392a734040a24456c7466be34680f64294ff37a8fa28bceb1ccdd818ddc21fe9af32f2984ef97d6dfe628bff4ba4fc3c" +
    "b9f635cdec34dfdf37eecf3af8be39fdac34fe962bfb7e21f46617eb500edf3f08d02f05be2102a91601920b017a0403",
  difference:
    "2d004b390c5e4518715225845f3a916d529c7b6aa88a7eb39990bfa9a1cbb7b1d5c3c0ddcfcfe5dadcece4e5f0eeeef3f7f7f6" +
    "f9efe1fce8cdfee1b9fed59ffdc885fdbc6bf7ac52ee9b39e58a20d97b12cb6e0dbd6109ae55069e4c078d43077f3b08",
};

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

let cells = []; // one a map: {canvas, context, values, reference, width, height, mark, reading, heat}
let picture = null; // the decoded picture under every map
let newest = 0; // number of the last comparison that arrived; an older one still decoding is dropped

// ---------------------------------------------------------------------------------------------------- small pieces

function node(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) made.setAttribute(name, value);
  made.append(...children); // strings become text nodes
  return made;
}

// The 256 colours of a map as bytes, red green blue alpha.
function colourTable(name) {
  const stops = COLOUR_MAPS[name].match(/../g).map((pair) => parseInt(pair, 16));
  const last = stops.length / 3 - 1;
  const table = new Uint8ClampedArray(256 * 4).fill(255);
  for (let i = 0; i < 256; i++) {
    const at = (i / 255) * last;
    const left = Math.min(Math.floor(at), last - 1);
    for (let channel = 0; channel < 3; channel++) {
      const [a, b] = [stops[left * 3 + channel], stops[left * 3 + 3 + channel]];
      table[i * 4 + channel] = a + (b - a) * (at - left);
    }
  }
  return table;
}

// How strongly each of the 256 values covers the picture. Weak values fade out, so that the picture stays visible where
// nobody looks; the more opaque, the fewer do; at full opacity only the map is left.
function coverage(difference) {
  const opacity = Number(controls.opacity.value) / 100;
  const threshold = Number(controls.threshold.value) / 100;
  return Array.from({ length: 256 }, (_, i) => {
    const strength = difference ? Math.abs(i - 127.5) / 127.5 : i / 255;
    const fading = opacity < 1 ? Math.min(1, strength / (1 - opacity)) : 1;
    return strength < threshold ? 0 : 255 * opacity * fading;
  });
}

async function loadImage(source) {
  const image = new Image();
  image.src = source;
  await image.decode();
  return image;
}

// The values of a map in multiples of the average density.
async function decodeMap(map) {
  const image = await loadImage(map.png);
  const canvas = node("canvas", { width: image.naturalWidth, height: image.naturalHeight });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  const pixels = context.getImageData(0, 0, canvas.width, canvas.height).data;
  const values = new Float32Array(canvas.width * canvas.height);
  for (let i = 0; i < values.length; i++) values[i] = map.low + ((map.high - map.low) * pixels[i * 4]) / 255;
  return { values, width: canvas.width, height: canvas.height };
}

function extent(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

// With a true minus sign, and none before a zero.
function fixed(value, digits) {
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
}

function times(value, sign) {
  return (sign && value > 0 ? "+" : "") + fixed(value, Math.abs(value) < 10 ? 1 : 0) + "×";
}

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

function drawCell(cell, table, shared) {
  const { values } = shown(cell);
  const [low, high] = scaleEnds(cell, shared);
  const toIndex = 255 / (high - low || 1);
  const colours = new Uint32Array(table.buffer);
  const pixels = new Uint32Array(cell.heatPixels.data.buffer);
  for (let i = 0; i < values.length; i++) {
    const index = ((values[i] - low) * toIndex + 0.5) | 0;
    pixels[i] = colours[index < 0 ? 0 : index > 255 ? 255 : index];
  }
  cell.heat.getContext("2d").putImageData(cell.heatPixels, 0, 0);
  const { width, height } = cell.canvas;
  cell.context.drawImage(picture, 0, 0, width, height);
  cell.context.drawImage(cell.heat, 0, 0, width, height);
}

function drawBar(table, shared, difference) {
  const pixels = new ImageData(table, 256, 1);
  parts.bar.getContext("2d").putImageData(pixels, 0, 0);
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
  coverage(difference).forEach((alpha, i) => (table[i * 4 + 3] = alpha));
  for (const cell of cells) drawCell(cell, table, shared);
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

function buildCell(map, view, decoded, pure) {
  const canvas = node("canvas", {
    width: view.picture.width,
    height: view.picture.height,
    role: "img",
    "aria-label": map.label,
  });
  const mark = node("span", { class: "mark", hidden: "" });
  const reading = node("span", { class: "reading", hidden: "" });
  const frame = node("div", { class: "frame" }, canvas, mark, reading);
  frame.addEventListener("pointermove", point);
  frame.addEventListener("pointerdown", point);
  frame.addEventListener("pointerleave", unpoint);

  const heat = node("canvas", { width: decoded.width, height: decoded.height });
  const difference = decoded.values.map((value, i) => value - pure.values[i]);
  const most = Math.max(...extent(difference).map(Math.abs)) || 1;
  const cell = {
    canvas,
    context: canvas.getContext("2d"),
    mark,
    reading,
    heat,
    heatPixels: heat.getContext("2d").createImageData(decoded.width, decoded.height),
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
      const { cell, frame } = buildCell(view.maps[at], view, decoded[at], pure);
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
  if (filled) reveal();
}

// Scrolls to new maps where they are mostly below the window's edge.
function reveal() {
  if (parts.result.getBoundingClientRect().top < window.innerHeight / 2) return;
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  parts.result.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "start" });
}

for (const control of Object.values(controls)) control.addEventListener("input", draw);
watch("value", () => show(props.value));
show(props.value);
