// The browser's half of the comparison: draws every map over the picture and reacts to the controls without asking the
// server for anything. A map is decoded once to floats; a control only looks colours up and draws. lens.js stands in front
// of this file.

const control = (name) => element.querySelector(`[name=${name}]`);
const part = (name) => element.querySelector(`.${name}`);
const [opacity, threshold, colours, scale, layer] = ["opacity", "threshold", "colours", "scale", "layer"].map(control);
const [contours, outline, dots, before, divide] = ["contours", "outline", "dots", "before", "divide"].map(control);
const [grid, enlarged, stage] = ["maps", "enlarged", "stage"].map(part);

const MOST_PIXELS = 2560; // of an enlarged map's width

// One a map: {name, sentence, drawing, frame, mark, box, reading, share, finding, absolute, difference, contours, pure: its
// model's cell, dots: of people, the places in shares of the picture}
let cells = [];
let blinking = false; // whether every map is for now its model's without text
let outlines = []; // of the mask of objects, polygons of places in shares of the picture
let alone = null; // the enlarged cell; null where all are shown
let pictures = {}; // the copies of the picture: {small, large: once it was asked for and is here, source: its address}
let newest = 0; // number of the last comparison that arrived; an older one still decoding is dropped
const isOf = markOutdated(element);
const lens = new Lens(({ view, frame }) => {
  if (view) drawAll();
  mark();
  if (frame) speak(cells.find((cell) => cell.frame === frame));
});

// -------------------------------------------------------------------------------------------------------- drawing

const differs = () => layer.value === "difference";

// What the present controls show of a cell: values and the two ends of its colour scale.
function shown(cell) {
  return differs() ? cell.difference : cell.absolute;
}

function sharedEnds() {
  const ends = cells.map((cell) => shown(cell).ends);
  return [Math.min(...ends.map((end) => end[0])), Math.max(...ends.map((end) => end[1]))];
}

function drawBar(table, [low, high]) {
  const bar = element.querySelector(".colour-bar canvas");
  drawColourBar(bar, table);
  const own = scale.value === "own";
  const ends = own
    ? [text(differs() ? "less" : "least"), text(differs() ? "more" : "most")]
    : [times(low, differs()), times(high, differs())];
  part("bar-low").textContent = ends[0];
  part("bar-high").textContent = ends[1];
  bar.setAttribute("aria-label", text("bar", { low: ends[0], high: ends[1] }));
}

// After a change of the colours.
function colourAll() {
  if (!cells.length) return;
  const table = colourTable(differs() ? "difference" : colours.value);
  const shared = sharedEnds();
  colours.disabled = differs();
  if (!differs()) drawBar(table, shared); // before it lets the picture through
  cover(table, Number(opacity.value) / 100, Number(threshold.value) / 100, differs());
  if (differs()) drawBar(table, shared); // as it lies on grey
  for (const cell of cells) {
    const { values, ends } = shown(cell);
    cell.drawing.colour(table, scale.value === "shared" ? shared : ends, values);
  }
  drawAll();
}

// After a change of anything else.
function drawAll() {
  for (const cell of cells) {
    const shown = blinking ? cell.pure : cell;
    const left = { share: Number(divide.value) / 100, heat: before.value === "pure" && !cell.dots ? cell.pure.drawing.heat : null };
    cell.drawing.draw({
      view: lens.view,
      grey: differs(),
      heat: shown.drawing.heat,
      contours: contours.checked ? shown.contours : null,
      before: cell === alone ? left : null,
    });
    const covered = cell === alone ? left.share : 0;
    if (outlines.length && outline.checked) drawOutlines(cell, covered);
    if (cell.dots && dots.checked) drawDots(cell, covered);
  }
  const zoom = percent(lens.view.zoom);
  control("whole").textContent = zoom;
  control("whole").setAttribute("aria-label", text("whole_picture", { zoom }));
  grid.classList.toggle("zoomed", lens.view.zoom > 1);
}

// What `trace` adds to the path, white with a dark edge and not over the left `share`. It is given `at`, from a place in
// shares of the picture to pixels of the canvas.
function drawMarks({ drawing: { canvas, context } }, share, trace, paint) {
  const at = (place) => lens.onFrame(place).map((percent, i) => (percent / 100) * (i ? canvas.height : canvas.width));
  context.save();
  context.beginPath();
  context.rect(share * canvas.width, 0, canvas.width, canvas.height);
  context.clip();
  context.beginPath();
  trace(context, at);
  paint(context, canvas.width / (canvas.clientWidth || canvas.width));
  context.restore();
}

// Dots on a larger map are larger, but less so than the map.
function drawDots(cell, share) {
  const shown = cell.drawing.canvas.clientWidth || cell.drawing.canvas.width;
  const size = within(shown * 0.006, 1.4, 3.2) * (cell.dots.length > 300 ? 0.6 : 1);
  const radius = (cell.drawing.canvas.width / shown) * size;
  const trace = (context, at) => {
    for (const [x, y] of cell.dots.map(at)) {
      context.moveTo(x + radius, y);
      context.arc(x, y, radius, 0, 2 * Math.PI);
    }
  };
  drawMarks(cell, share, trace, (context, pixel) => {
    context.fillStyle = "#fff";
    context.strokeStyle = "rgb(0 0 0 / 0.75)";
    context.lineWidth = pixel;
    context.fill();
    context.stroke();
  });
}

function drawOutlines(cell, share) {
  const trace = (context, at) => {
    for (const polygon of outlines) {
      polygon.forEach((place, i) => context[i ? "lineTo" : "moveTo"](...at(place)));
      context.closePath();
    }
  };
  drawMarks(cell, share, trace, (context, pixel) => {
    for (const [colour, width] of [["rgb(0 0 0 / 0.75)", 3.5], ["#fff", 1.5]]) {
      context.strokeStyle = colour;
      context.lineWidth = width * pixel;
      context.stroke();
    }
  });
}

// While a key or the button is held.
function blink(on) {
  if (blinking === on) return;
  blinking = on;
  control("blink").setAttribute("aria-pressed", on);
  grid.classList.toggle("blinking", on);
  drawAll();
}

// ------------------------------------------------------------------------------------------- cross-hair and box

function valueAt(cell, [x, y]) {
  const { width, height } = cell.drawing.map;
  return times(shown(cell).values[Math.floor(y * height) * width + Math.floor(x * width)], differs());
}

function mark() {
  const { point, box } = lens;
  const outside = point && lens.onFrame(point).some((at) => at < 0 || at > 100);
  for (const cell of cells) {
    cell.mark.hidden = !point || outside;
    cell.reading.hidden = !point;
    cell.box.hidden = cell.share.hidden = !box;
    if (point) {
      [cell.mark.style.left, cell.mark.style.top] = lens.onFrame(point).map((at) => `${at}%`);
      cell.reading.textContent = valueAt(cell, point);
    }
    if (box) {
      const [[left, top], [right, bottom]] = [lens.onFrame([box.left, box.top]), lens.onFrame([box.right, box.bottom])];
      const style = { left: `${left}%`, top: `${top}%`, width: `${right - left}%`, height: `${bottom - top}%` };
      Object.assign(cell.box.style, style);
      cell.share.textContent = text("inside", { share: percent(massInside(cell.drawing.map, box)) });
    }
  }
}

// For a screen reader, what keys have changed.
function speak(cell) {
  const [x, y] = lens.point ?? lens.middle();
  const spoken = lens.point ? [text("at", { x: percent(x), y: percent(y), value: valueAt(cell, [x, y]) })] : [];
  if (lens.box) spoken.push(cell.share.textContent);
  part("spoken").textContent = spoken.join(" ");
}

// ---------------------------------------------------------------------------------------- one map, or all of them

// The enlarged map has as many pixels as it takes on the screen, and lies on the larger picture once that is here.
function sharpen() {
  const { small, large } = pictures;
  for (const { drawing, frame } of cells) {
    const picture = (frame === alone?.frame && large) || small;
    const shown = Math.round(frame.clientWidth * devicePixelRatio);
    const width = frame === alone?.frame ? within(shown, small.naturalWidth, MOST_PIXELS) : small.naturalWidth;
    if (drawing.picture !== picture || drawing.canvas.width !== width) drawing.resize(picture, width);
  }
  drawAll();
}

async function fetchLarge() {
  const asked = pictures;
  if (!asked.source) return;
  const { source } = asked;
  asked.source = null; // one try: then the small picture stays
  asked.large = await loadImage(source).catch(() => null);
  if (asked === pictures) sharpen();
}

function enlarge(cell) {
  alone = cell;
  grid.classList.toggle("one", Boolean(cell));
  for (const each of cells) each.frame.parentElement.classList.toggle("chosen", each === cell);
  enlarged.hidden = divide.hidden = !cell;
  divide.value = 0;
  if (cell) {
    cell.frame.append(divide);
    const at = cells.indexOf(cell);
    part("enlarged-title").textContent = cell.name;
    enlarged.querySelector(".sentence").textContent = cell.sentence;
    before.parentElement.hidden = Boolean(cell.dots); // over people's gaze there is only the picture
    control("previous").disabled = at === 0;
    control("next").disabled = at === cells.length - 1;
    fetchLarge();
  }
  sharpen();
  mark();
}

// To another map while one is enlarged: so many cells on. What had the focus has it again, or its equal.
function go(steps) {
  const cell = cells[cells.indexOf(alone) + steps];
  if (!cell) return;
  const framed = alone.frame.contains(document.activeElement);
  enlarge(cell);
  if (framed) cell.frame.focus();
  else if (document.activeElement.disabled) control(steps > 0 ? "previous" : "next").focus();
}

function leave() {
  const { frame } = alone;
  enlarge(null);
  frame.focus();
  frame.scrollIntoView({ block: "nearest", inline: "nearest" });
}

function keyOfFrame(event, cell) {
  if (event.key === "Enter" && !alone) enlarge(cell);
  else if (event.key === "Escape" && alone) leave();
  else if (event.key === " ") blink(true);
  else if (event.key === "PageDown" && alone) go(1);
  else if (event.key === "PageUp" && alone) go(-1);
  else return;
  event.preventDefault();
}

// ---------------------------------------------------------------------------------------------------- page building

// What a map says, in a sentence for those who cannot read the scores.
function findingText({ covers, finding, moved, where: { place, share } }) {
  if (finding) return finding;
  if (covers != null) return text("covers", { share: percent(covers) });
  return moved ? movedText(moved) : text("pure_finding", { place: placeName(place), share: percent(share) });
}

// What stands before it where there is reason not to believe the map.
function doubt({ understood = true }) {
  return understood ? [] : [node("strong", { class: "doubt" }, text("not_understood")), " "];
}

function buildCell(map, { picture, name, sentence, decoded, difference }) {
  const label = text("map", name);
  const described = map.covers == null ? whereText(map.where) : findingText(map);
  const cell = {
    name: label,
    sentence: sentence || text("picture_alone"),
    drawing: new MapCanvas(picture, decoded, text("map_described", { map: label, where: described })),
    finding: node("p", { class: "finding" }, ...doubt(map), findingText(map)),
    mark: node("span", { class: "mark", hidden: "" }),
    box: node("span", { class: "box", hidden: "" }),
    reading: node("span", { class: "reading", hidden: "" }),
    share: node("span", { class: "share", hidden: "" }),
    contours: contourLines(decoded), // now, so that showing them only draws
    absolute: { values: decoded.values, ends: extent(decoded.values) },
  };
  const values = difference?.values ?? decoded.values.map(() => 0);
  cell.difference = { values, ends: bothWays(values) };
  // As an application it gets the arrow keys even where a screen reader would read with them.
  const role = { role: "application", "aria-roledescription": text("map_kind"), "aria-describedby": "maps-keys" };
  cell.frame = node(
    "div",
    { class: "frame", tabindex: "0", "aria-label": label, ...role },
    ...[cell.drawing.canvas, cell.box, cell.mark, cell.share, cell.reading, node("span", { class: "badge" }, text("pure"))],
  );
  lens.attach(cell.frame);
  cell.frame.addEventListener("keydown", (event) => keyOfFrame(event, cell));
  for (const kind of ["keyup", "blur"]) cell.frame.addEventListener(kind, () => blink(false));
  return cell;
}

// Out of the order of keys, in which Enter on the map does the same.
function buildEnlarger(cell) {
  const button = node("button", { type: "button", class: "enlarge", tabindex: "-1" }, "⤢");
  button.setAttribute("aria-label", text("enlarge", { map: cell.name }));
  button.addEventListener("click", () => {
    enlarge(cell);
    control("all").focus();
  });
  return button;
}

function buildHeader(condition) {
  const header = node("div", { role: "columnheader", class: "condition" }, node("strong", {}, conditionName(condition.name)));
  header.append(node("p", { class: condition.sentence ? "sentence" : "sentence none", title: condition.sentence }));
  header.lastChild.textContent = condition.sentence || text("picture_alone");
  return header;
}

function buildRow(model, view, picture, decoded) {
  const row = node("div", { role: "row", class: "row" });
  const header = node("div", { role: "rowheader", class: "model" }, node("span", {}, model.title));
  if (model.task === "objects") header.firstChild.append(" ", node("span", { class: "about" }, text("objects")));
  row.append(header);
  const indices = view.conditions.map((condition) =>
    view.maps.findIndex((map) => map.model === model.name && map.condition === condition.name),
  );
  const built = indices.map((at, i) => {
    const { name: condition, sentence } = view.conditions[i];
    const name = { model: model.title, condition: conditionName(condition) };
    return buildCell(view.maps[at], { picture, name, sentence, ...decoded[at] });
  });
  for (const cell of built) {
    cell.pure = built[0];
    const holder = node("div", { role: "cell", class: "cell" }, cell.frame, buildEnlarger(cell), cell.finding);
    if (model.task === "objects") holder.append(buildCutter(cell, model, view.conditions[built.indexOf(cell)]));
    row.append(holder);
  }
  return { row, built };
}

// The server cuts the object out of the picture at its own size.
function buildCutter(cell, model, condition) {
  const button = node("button", { type: "button", class: "cut" }, text("cut_out"));
  button.setAttribute("aria-label", text("cut_out_of", { map: cell.name }));
  button.addEventListener("click", () => trigger("cut", { model: model.name, condition: condition.name }));
  return button;
}

function peopleText({ where: { place, share }, fixations, participants }) {
  const finding = text("pure_finding", { place: placeName(place), share: percent(share) });
  if (fixations === null) return finding;
  return text(participants === null ? "people_counted" : "people_named", { fixations, participants, finding });
}

// Pixels of the picture as shares of its sides.
const inShares = (places, { width, height }) => places.map(([x, y]) => [(x + 0.5) / width, (y + 0.5) / height]);

// The row of where people looked: one map, under the sentence they had read.
function buildPeople({ people, conditions, picture: size }, picture, decoded) {
  const row = node("div", { role: "row", class: "row people" });
  const about = node("span", { class: "about" }, text("people_about"));
  row.append(node("div", { role: "rowheader", class: "model" }, node("span", {}, text("people"), " ", about)));
  const built = [];
  for (const { name: condition, sentence } of conditions) {
    if (condition !== people.condition) {
      row.append(node("div", { role: "cell", class: "cell none" }, node("p", {}, text("people_none"))));
      continue;
    }
    const name = { model: text("people"), condition: conditionName(condition) };
    const cell = buildCell({ ...people, finding: peopleText(people) }, { picture, name, sentence, ...decoded });
    cell.dots = inShares(people.dots, size);
    cell.pure = cell; // what people do without text is not known
    row.append(node("div", { role: "cell", class: "cell" }, cell.frame, buildEnlarger(cell), cell.finding));
    built.push(cell);
  }
  return { row, built };
}

function buildGrid(view, picture, decoded, people) {
  const headings = node("div", { role: "row", class: "row headings" });
  headings.append(node("span", { role: "columnheader", class: "visually-hidden" }, text("model")));
  headings.append(...view.conditions.map(buildHeader));
  const rows = view.models.map((model) => buildRow(model, view, picture, decoded));
  if (people) rows.unshift(buildPeople(view, picture, people));
  const table = node("div", { role: "table", class: "grid", "aria-label": text("grid") });
  // With one condition the models stand side by side.
  const single = view.conditions.length === 1;
  table.classList.toggle("single", single);
  table.style.setProperty("--columns", single ? rows.length : view.conditions.length);
  table.style.setProperty("--rows", single ? 1 : rows.length);
  stage.style.setProperty("--ratio", view.picture.width / view.picture.height);
  const body = node("div", { role: "rowgroup", class: "rows" }, ...rows.map(({ row }) => row));
  body.addEventListener("scroll", () => (headings.scrollLeft = body.scrollLeft)); // on a phone, see map_grid.css
  table.append(headings, body);
  grid.replaceChildren(table);
  return rows.flatMap(({ built }) => built);
}

async function decodeBoth(map) {
  const [decoded, difference] = await Promise.all([decodeMap(map), map.difference && decodeMap(map.difference)]);
  return { decoded, difference };
}

async function show(view) {
  const mine = ++newest;
  const filled = Boolean(view && view.maps);
  if (filled) {
    const images = [loadImage(view.picture.jpeg), view.people && decodeBoth(view.people), ...view.maps.map(decodeBoth)];
    const [picture, people, ...decoded] = await Promise.all(images);
    if (mine !== newest) return;
    lens.reset();
    stage.append(divide); // the map it lay on goes
    blinking = false;
    pictures = { small: picture, large: null, source: view.picture.large?.url };
    cells = buildGrid(view, picture, decoded, people);
    outlines = (view.outlines ?? []).map((polygon) => inShares(polygon, view.picture));
    part("outline").hidden = !outlines.length;
    part("dots").hidden = !view.people?.dots.length;
    part("notices").replaceChildren(...view.notices.map((notice) => node("p", {}, notice)));
    part("tables").replaceChildren(...buildTables(view.tables, view.models, text));
    part("provenance").replaceChildren(...provenanceLines(view.provenance));
    control("blink").hidden = view.conditions.length === 1;
    colourAll();
    enlarge(null);
    isOf(view.asked);
  }
  part("welcome").hidden = filled;
  part("result").hidden = !filled;
  if (filled && !view.opening) reveal(part("result"));
}

// -------------------------------------------------------------------------------------------------------- controls

for (const input of [opacity, threshold, colours, scale, layer]) input.addEventListener("input", colourAll);
for (const input of [contours, outline, dots, before, divide]) input.addEventListener("input", drawAll);
layer.addEventListener("input", mark); // the values at the cross-hair are others

control("closer").addEventListener("click", () => lens.zoomBy(ZOOM_STEP));
control("farther").addEventListener("click", () => lens.zoomBy(1 / ZOOM_STEP));
control("whole").addEventListener("click", () => lens.showWhole());
control("all").addEventListener("click", leave);
control("previous").addEventListener("click", () => go(-1));
control("next").addEventListener("click", () => go(1));
enlarged.addEventListener("keydown", (event) => {
  const steps = { ArrowLeft: -1, ArrowRight: 1, PageUp: -1, PageDown: 1 }[event.key];
  if (event.target.tagName !== "BUTTON") return; // another control has its own keys
  if (event.key === "Escape") leave();
  else if (steps) go(steps);
  else return;
  event.preventDefault();
});
control("blink").addEventListener("pointerdown", (event) => {
  event.currentTarget.setPointerCapture(event.pointerId);
  blink(true);
});
control("blink").addEventListener("contextmenu", (event) => event.preventDefault()); // of a long touch
control("blink").addEventListener("keydown", ({ key }) => [" ", "Enter"].includes(key) && blink(true));
for (const kind of ["pointerup", "pointercancel", "keyup", "blur"]) control("blink").addEventListener(kind, () => blink(false));
// The line on the picture has its own keys and drags; Escape goes on to the map.
for (const kind of ["pointerdown", "pointermove", "touchstart"]) divide.addEventListener(kind, (event) => event.stopPropagation());
divide.addEventListener("keydown", (event) => event.key !== "Escape" && event.stopPropagation());
control("measure").addEventListener("click", ({ currentTarget: button }) => {
  lens.measuring = !lens.measuring;
  button.setAttribute("aria-pressed", lens.measuring);
  grid.classList.toggle("measuring", lens.measuring);
  if (!lens.measuring) lens.clear();
});

control("full-screen").hidden = !document.fullscreenEnabled;
control("full-screen").addEventListener("click", () =>
  document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen(),
);
// The page fills the screen and the maps the page, not the maps the screen: the lecture's bar could not be above them.
document.addEventListener("fullscreenchange", () => {
  const full = document.fullscreenElement === document.documentElement;
  document.body.style.visibility = full ? "hidden" : ""; // and cannot have the focus; what is to be there says so
  stage.classList.toggle("full", full);
  control("full-screen").textContent = text(full ? "leave_full_screen" : "full_screen");
});
// Contour lines are as wide as the maps are large.
new ResizeObserver(() => cells.length && sharpen()).observe(grid);

watch("value", () => show(props.value));
show(props.value);
