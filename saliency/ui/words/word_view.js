// The browser's half of the Words tab: the sentence as a row of choices, the two readings of the chosen word, and both
// readings of all words as small multiples. Choosing a word asks the server for nothing. A caption has one reading, the
// captioner's attention, which is no map of gaze.

const isOf = markOutdated(element);
const READINGS = {
  points: { colours: "viridis", diverging: false, value: (number) => fixed(number, 2) },
  moves: { colours: "difference", diverging: true, value: (number) => times(number, true) },
  attention: { colours: "viridis", diverging: false, value: (number) => times(number, false) },
  gaze: { colours: "viridis", diverging: false, value: (number) => times(number, false) },
  about: { colours: "viridis", diverging: false, value: (number) => fixed(number, 2) },
};
const TILE_WIDTH = 240; // pixels; there may be hundreds

const controls = {
  opacity: element.querySelector("[name=opacity]"),
  scale: element.querySelector("[name=scale]"),
  tint: element.querySelector("[name=tint]"),
};
const parts = Object.fromEntries(
  ["welcome", "disclosure", "opener", "result", "notices", "sentence", "hint", "spoken", "readings", "all", "provenance"].map(
    (name) => [name, element.querySelector(`.${name}`)],
  ),
);

let view = null;
let words = []; // those that are read: {of, choice, tiles, and by the name of each reading {map, ends}}
let readings = []; // what is shown large: {name, drawing, bar, low, high, about}; of the chosen word
let whole = []; // the same, of the whole sentence: its gaze, or what it is about
let current = 0; // index of the chosen word
let newest = 0; // number of the last result that arrived; an older one still decoding is dropped

const isCaption = (value) => "log_probability" in value;

// The names of the readings of every word.
function namesOf(value) {
  if (isCaption(value)) return ["attention"];
  return value.model.word_maps ? ["points", "moves"] : ["moves"];
}

function share(number) {
  return `${fixed(number * 100, 1)}%`;
}

// ------------------------------------------------------------------------------------------------------- in words

// A word keeps its direction of writing to itself (Unicode's first strong isolate).
function isolated(word) {
  return `\u2068${word}\u2069`;
}

function pointsLabel({ word, points }) {
  if (!points.where) return text("points_nowhere", { word });
  const { half, place: most, share: part } = points.where;
  return text("points_label", { word, half: percent(half), place: placeName(most), share: percent(part) });
}

function aboutLabel() {
  const { half, place: most, share: part } = view.about.where;
  return text("about_label", { half: percent(half), place: placeName(most), share: percent(part) });
}

function movesLabel({ word, moves, strength }) {
  if (!strength) return text("moves_nothing", { word });
  const { source, target } = moves.moved;
  return text("moves_label", { word, strength: share(strength), from: placeName(source), to: placeName(target) });
}

function attentionLabel({ word, attention }) {
  const { half, place: most, share: part } = attention.where;
  return text("attention_label", { word, half: percent(half), place: placeName(most), share: percent(part) });
}

const LABELS = { points: pointsLabel, moves: movesLabel, attention: attentionLabel };
const ABOUT = {
  points: ({ word, weight }) => text("points_of", { word: isolated(word), weight: share(weight) }),
  moves: ({ word, strength }) => text("moves_of", { word: isolated(word), strength: share(strength) }),
  attention: ({ word }) => text("attention_of", { word: isolated(word) }),
};
const NUMBER = {
  points: ({ weight }) => share(weight),
  moves: ({ strength }) => share(strength),
  attention: ({ attention }) => placeName(attention.where.place),
};

function notices() {
  if (isCaption(view)) return [];
  const { title, reads_text, word_maps } = view.model;
  const [read, count] = [words.length, view.words.length];
  if (!reads_text) return [text("blind", { title })];
  if (!read) return [text("nothing_read", { title })];
  const lines = read < count ? [text("cut", { title, read, count })] : [];
  const unknown = words.filter(({ of }) => !of.known).length;
  const which = read === 1 ? "unknown_only" : unknown === 1 ? "unknown_one" : "unknown_some";
  if (unknown) lines.push(text(which, { title, unknown, count: read }));
  return word_maps ? lines : [...lines, text("no_maps", { title })];
}

// -------------------------------------------------------------------------------------------------------- drawing

function endsOf(name, map) {
  return READINGS[name].diverging ? bothWays(map.values) : [0, extent(map.values)[1]];
}

// The ends of a reading's colour scale for a word: its own, or the widest of all words.
function scaleEnds(name, word) {
  if (controls.scale.value === "own") return word[name].ends;
  return [Math.min(...words.map((one) => one[name].ends[0])), Math.max(...words.map((one) => one[name].ends[1]))];
}

function coveredTable(name) {
  const { colours, diverging } = READINGS[name];
  return cover(colourTable(colours), Number(controls.opacity.value) / 100, 0, diverging);
}

function drawReading(reading) {
  const { name, drawing } = reading;
  const word = words[current];
  const map = whole.includes(reading) ? drawing.map : word[name].map;
  const ends = whole.includes(reading) ? endsOf(name, map) : scaleEnds(name, word);
  const { colours, diverging } = READINGS[name];
  drawing.colour(coveredTable(name), ends, map.values);
  drawing.draw({ grey: diverging });
  drawColourBar(reading.bar, diverging ? coveredTable(name) : colourTable(colours));
  [reading.low.textContent, reading.high.textContent] = ends.map(READINGS[name].value);
  reading.bar.setAttribute(
    "aria-label",
    text("bar", { low: reading.low.textContent, high: reading.high.textContent }),
  );
}

function draw() {
  [...readings, ...whole].forEach(drawReading);
  for (const { name } of readings) {
    const table = coveredTable(name);
    for (const word of words) {
      if (!word.tiles[name]) continue;
      word.tiles[name].drawing.colour(table, scaleEnds(name, word));
      word.tiles[name].drawing.draw({ grey: READINGS[name].diverging });
    }
  }
}

// ----------------------------------------------------------------------------------------------- choosing a word

function choose(index) {
  current = index;
  words.forEach((word, i) => {
    word.choice.setAttribute("aria-checked", i === index);
    word.choice.tabIndex = i === index ? 0 : -1;
    for (const tile of Object.values(word.tiles)) tile.figure.classList.toggle("current", i === index);
  });
  const { of } = words[index];
  for (const reading of readings) {
    reading.about.textContent = ABOUT[reading.name](of);
    reading.drawing.canvas.setAttribute("aria-label", LABELS[reading.name](of));
    drawReading(reading);
  }
  parts.spoken.textContent = readings.map(({ name }) => LABELS[name](of)).join(" ");
}

function goTo(index) {
  choose(index);
  words[index].choice.focus();
}

parts.sentence.addEventListener("keydown", (event) => {
  const leftwards = getComputedStyle(parts.sentence).direction === "rtl" ? 1 : -1;
  const last = words.length - 1;
  const next = {
    ArrowLeft: current + leftwards,
    ArrowRight: current - leftwards,
    ArrowUp: current - 1,
    ArrowDown: current + 1,
    Home: 0,
    End: last,
  }[event.key];
  if (next === undefined || last < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  goTo(next < 0 ? last : next > last ? 0 : next);
});

// ---------------------------------------------------------------------------------------------------- page building

// How dark each word's ground is: by what it moves, or by its weight where the model gives one; those of a caption are alike.
function tint() {
  if (isCaption(view)) {
    parts.hint.textContent = text("hint_attention", view.model);
    return;
  }
  const key = view.model.word_maps ? controls.tint.value : "strength";
  const most = Math.max(...words.map(({ of }) => of[key]), 1e-9);
  for (const { of, choice } of words) choice.style.setProperty("--share", of[key] / most);
  parts.hint.textContent = text(`hint_${key}`, view.model);
}

function buildChoice(word, index) {
  const known = word.of.known ?? true; // a captioner knows what it says
  const names = namesOf(view).filter((name) => word.of[name]);
  const facts = names.map((name) => text(`${name}_short`, { number: NUMBER[name](word.of) }));
  if (!known) facts.unshift(text("unknown"));
  const about = facts.join(", ");
  const choice = node(
    "span",
    { class: known ? "word" : "word unknown", role: "radio", title: about },
    word.of.word,
    node("span", { class: "visually-hidden" }, `, ${about}`),
  );
  choice.addEventListener("click", () => goTo(index));
  return choice;
}

// A word that the model gives, it has read.
const isRead = (word) => word.read ?? true;

// The sentence as it was written: words that are read are choices, runs of others are struck out.
function buildSentence() {
  const characters = Array.from(view.sentence); // as Python counts them
  const between = (start, end) => characters.slice(start, end).join("");
  const made = [];
  let [at, read] = [0, 0];
  for (let i = 0; i < view.words.length; i++) {
    const first = view.words[i];
    made.push(between(at, first.start));
    if (isRead(first)) {
      const word = words[read];
      word.choice = buildChoice(word, read);
      made.push(word.choice);
      read++;
    } else {
      while (i + 1 < view.words.length && !isRead(view.words[i + 1])) i++;
      const struck = node("span", { class: "unread" }, between(first.start, view.words[i].end));
      made.push(struck, node("span", { class: "visually-hidden" }, ` ${text("unread")} `));
    }
    at = view.words[i].end;
  }
  parts.sentence.replaceChildren(...made, between(at));
}

function buildReading(name, picture, map, label) {
  const drawing = new MapCanvas(picture, map, label);
  drawing.canvas.classList.add("map");
  const reading = {
    name,
    drawing,
    bar: node("canvas", { width: 256, height: 1, role: "img" }),
    low: node("span"),
    high: node("span"),
    about: node("p"),
  };
  const figure = node(
    "figure",
    {},
    node("figcaption", {}, node("strong", {}, text(name)), reading.about),
    drawing.canvas,
    node("div", { class: "colour-bar" }, reading.low, reading.bar, reading.high),
  );
  parts.readings.append(figure);
  return reading;
}

function buildReadings(picture, maps) {
  parts.readings.replaceChildren();
  readings = words.length ? namesOf(view).map((name) => buildReading(name, picture, words[0][name].map, "")) : [];
  const name = view.model.reads_text ? "about" : "gaze";
  whole = [];
  if (!maps[name]) return; // of a caption there is neither
  const about = name === "about" ? aboutLabel() : whereText(view.gaze.where);
  whole = [buildReading(name, picture, maps[name], about)];
  whole[0].about.textContent = about;
}

function buildTile(name, word, index, picture) {
  const drawing = new MapCanvas(picture, word[name].map, LABELS[name](word.of), TILE_WIDTH);
  const caption = node("figcaption", {}, node("bdi", {}, word.of.word), node("span", {}, NUMBER[name](word.of)));
  const figure = node("figure", { class: "tile" }, caption, drawing.canvas);
  figure.addEventListener("click", () => {
    choose(index);
    reveal(parts.readings);
  });
  return { figure, drawing };
}

function buildTiles(picture) {
  const made = [node("h2", {}, text("all"))];
  for (const { name } of readings) {
    words.forEach((word, index) => (word.tiles[name] = buildTile(name, word, index, picture)));
    const tiles = words.map((word) => word.tiles[name].figure);
    made.push(node("h3", {}, text(name)), node("div", { class: "tiles" }, ...tiles));
  }
  parts.all.replaceChildren(...made);
  parts.all.hidden = words.length < 2;
}

async function decodeWord(of) {
  const word = { of, choice: null, tiles: {} };
  for (const name of ["points", "moves", "attention"]) {
    if (!of[name]) continue;
    const map = await decodeMap(of[name]);
    word[name] = { map, ends: endsOf(name, map) };
  }
  return word;
}

function build(picture, maps) {
  buildSentence();
  buildReadings(picture, maps);
  buildTiles(picture);
  const paragraphs = [...view.notices, ...notices()].map((notice) => node("p", {}, notice));
  parts.notices.replaceChildren(...paragraphs);
  parts.provenance.replaceChildren(...provenanceLines(view.provenance));
  parts.hint.hidden = !words.length;
  controls.tint.closest("label").hidden = !words.length || !view.model.word_maps;
  tint();
  draw();
  if (words.length) choose(current);
}

// The word to begin with, the one that moves most: by its own weight a model may count an "on" above the thing that lies
// there. Of a caption it is the one that comes from the smallest part of the picture.
function strongest() {
  const moved = words.map(({ of }) => of.strength ?? 1 - of.attention.where.half);
  return Math.max(moved.indexOf(Math.max(...moved)), 0);
}

async function show(value) {
  const mine = ++newest;
  const filled = Boolean(value && value.words);
  if (filled) {
    const read = value.words.filter(isRead);
    const of = [value.gaze, value.about].map((map) => map && decodeMap(map));
    const loading = [loadImage(value.picture.jpeg), Promise.all(read.map(decodeWord)), ...of];
    const [picture, decoded, gaze, about] = await Promise.all(loading);
    if (mine !== newest) return;
    // Some words of a caption come from one cell; on one scale with them the maps of others would vanish.
    if (!view && isCaption(value)) controls.scale.value = "own";
    [view, words] = [value, decoded];
    current = strongest(); // the word chosen before is of another sentence, which may have been longer
    build(picture, { gaze, about });
    isOf(value.asked);
  }
  parts.welcome.hidden = filled;
  parts.result.hidden = !filled;
  // The words of a caption are closed at first. Gradio's accordion mounts its children when it opens, and without their
  // value where it opens while it becomes visible; hence an element of our own.
  const closes = filled && isCaption(value);
  if (closes && parts.opener.hidden) parts.disclosure.open = false;
  parts.opener.hidden = !closes;
  if (filled && !closes) reveal(parts.result); // a caption is beside the fields
}

for (const name of ["opacity", "scale"]) controls[name].addEventListener("input", draw);
controls.tint.addEventListener("input", tint);
watch("value", () => show(props.value));
show(props.value);
