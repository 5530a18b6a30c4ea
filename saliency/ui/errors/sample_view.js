// One sample of an error analysis: the picture, where people looked, every model's map with its scores, and where each
// word of the sentence points. See sample_presentation.py.

const find = (selector) => element.querySelector(selector);
const control = (name) => find(`[name=${name}]`);

let cells = []; // one a canvas: {canvas, paint}
let newest = 0; // number of the last sample that arrived; an older one still decoding is dropped

// Where people looked, as dots on a canvas.
function drawFixations(canvas, fixations) {
  const context = canvas.getContext("2d");
  const radius = Math.max(3, canvas.width / 160);
  context.lineWidth = radius / 2;
  context.strokeStyle = "#000";
  context.fillStyle = "#fff";
  for (const [x, y] of fixations) {
    context.beginPath();
    context.arc(x * canvas.width, y * canvas.height, radius, 0, 7);
    context.fill();
    context.stroke();
  }
}

function draw() {
  const table = cover(colourTable(control("colours").value), Number(control("opacity").value) / 100, 0, false);
  for (const cell of cells) cell.paint(table, control("fixations").checked);
}

const NOTHING = { values: new Float32Array(1), width: 1, height: 1 };

// A picture with a map or none; `always`: fixations whatever the control says.
function addCell(picture, map, label, fixations, always) {
  const drawing = new MapCanvas(picture, map ?? NOTHING, label);
  const cell = {
    canvas: drawing.canvas,
    values: map?.values,
    paint(table, dots) {
      if (cell.values) drawing.colour(table, extent(cell.values), cell.values);
      drawing.draw();
      if (fixations && (dots || always)) drawFixations(cell.canvas, fixations);
    },
    // Instead of its own map another one of the same size.
    show(values, itsLabel) {
      cell.values = values;
      cell.canvas.setAttribute("aria-label", itsLabel);
      draw();
    },
  };
  cells.push(cell);
  return cell;
}

function frame(title, cell, ...below) {
  return node("figure", {}, cell.canvas, node("strong", {}, title), ...below);
}

function scoreList(scores, metrics) {
  const list = node("dl");
  for (const metric of metrics) {
    list.append(node("div", { title: text(`about_${metric}`) }, node("dt", {}, metric), node("dd", {}, scoreText(scores[metric], metric))));
  }
  return list;
}

// The sentence with its words as buttons; one that is pressed shows where it points. Offsets count code points.
function wordButtons(model, sentence, cell, own) {
  const characters = Array.from(sentence);
  const line = node("p", { class: "words", role: "group", "aria-label": text("words", { title: model.title }) });
  const most = Math.max(...model.words.map((word) => word.weight)) || 1;
  let end = 0;
  for (const word of model.words) {
    line.append(characters.slice(end, word.start).join(""));
    const button = node("button", { type: "button", "aria-pressed": "false", title: percent(word.weight) }, word.word);
    button.style.setProperty("--weight", word.weight / most);
    button.disabled = !word.map;
    button.addEventListener("click", () => press(button, line, word, cell, own));
    line.append(button);
    end = word.end;
  }
  line.append(characters.slice(end).join(""));
  return line;
}

async function press(button, line, word, cell, own) {
  const pressed = button.getAttribute("aria-pressed") === "true";
  for (const other of line.querySelectorAll("button")) other.setAttribute("aria-pressed", "false");
  if (pressed) return cell.show(own.values, own.label);
  button.setAttribute("aria-pressed", "true");
  const { values } = await decodeMap(word.map);
  // Meanwhile another word may have been pressed, or this one released.
  if (button.getAttribute("aria-pressed") === "true") cell.show(values, text("word_label", { word: word.word }));
}

function modelFrame(model, decoded, picture, view) {
  const own = { values: decoded.values, label: `${model.title}. ${whereText(model.map.where)}` };
  const cell = addCell(picture, decoded, own.label, view.fixations, false);
  const below = [scoreList(model.scores, view.metrics)];
  if (model.words.length) below.push(wordButtons(model, view.sentence, cell, own));
  return frame(model.title, cell, ...below);
}

function truthFrame(view, decoded, picture) {
  if (view.task === "objects") return frame(text("mask"), addCell(picture, decoded, text("mask"), null, false));
  const label = `${text("truth")}. ${view.truth ? whereText(view.truth.where) : ""}`;
  const count = view.fixations ? text("n_fixations", { n: view.fixations.length }) : text("no_fixations");
  return frame(text("truth"), addCell(picture, decoded, label, view.fixations, true), node("p", { class: "faint" }, count));
}

async function show(view) {
  const mine = ++newest;
  const filled = Boolean(view && view.models);
  if (filled) {
    const maps = [view.truth, ...view.models.map((model) => model.map)].map((map) => map && decodeMap(map));
    const [picture, truth, ...decoded] = await Promise.all([loadImage(view.picture.jpeg), ...maps]);
    if (mine !== newest) return;
    cells = [];
    const frames = [frame(text("picture"), addCell(picture, null, text("picture"), null, false))];
    if (view.truth || view.fixations) frames.push(truthFrame(view, truth, picture));
    frames.push(...view.models.map((model, i) => modelFrame(model, decoded[i], picture, view)));
    find(".frames").replaceChildren(...frames);
    find("h2").textContent = `${view.stem} · ${text(view.condition)}`;
    find("section > .sentence").textContent = view.sentence || text("picture_alone");
    find(".notices").replaceChildren(...view.notices.map((notice) => node("p", {}, notice)));
    control("back").dataset.stem = view.stem;
    control("fixations").disabled = !view.fixations;
    draw();
  }
  find(".result").hidden = !filled;
  if (!filled) return;
  find("h2").focus({ preventScroll: true });
  reveal(find(".result"));
}

// To where the sample was opened: its row of the table, if that is on view.
function back() {
  const row = document.querySelector(`#errors [data-stem="${CSS.escape(control("back").dataset.stem)}"]`);
  const place = row ?? document.querySelector("#errors .samples");
  place.scrollIntoView({ block: "center" });
  row?.focus({ preventScroll: true });
}

for (const name of ["colours", "opacity", "fixations"]) control(name).addEventListener("input", draw);
control("back").addEventListener("click", back);
document.addEventListener("sample-closed", () => {
  newest++;
  if (find(".result").hidden) return;
  find(".result").hidden = true;
  back();
});
watch("value", () => show(props.value));
show(props.value);
