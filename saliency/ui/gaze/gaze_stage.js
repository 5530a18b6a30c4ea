// The browser's part of viewing and marking: the picture for some seconds, then the picture to be marked. Marks stay in
// the browser until they are scored; it stores them per picture as long as its window is open, so that another
// picture or a reload loses none. fixation_file.js and gaze_estimation.js stand in front of this file.
//
// A look can be recorded with the camera instead (gaze_recorder.js); its fixations are marks like those of clicks.
//
// With `props.pupil` it is the stage of one person who takes part in a class, whose marks are handed in (class_mode.py).
// The server, or a field of the form, puts a message into `props.value` (gaze_stage.py says which); after each message
// and each mark, `props.value` is what is to be scored.

const part = (selector) => element.querySelector(selector);
const screen = part(".screen");
const picture = part(".picture");
const crossHair = part(".cross-hair");
const startButton = part(".start");
const fields = { participant: part("[name=participant]"), duration: part("[name=duration]") };
const buttons = Object.fromEntries([...element.querySelectorAll(".actions button")].map((button) => [button.name, button]));

const CROSS = 1000; // milliseconds of the cross before the picture
const USUAL_DISTANCE = 60; // cm

let phase = "empty"; // empty, ready, reading, fixating, looking, marking
let size = null; // {width, height} of the picture itself, in whose pixels fixations are
let sentence = "";
let fixations = []; // {participant, round, order, x, y, milliseconds, duration where it is known} of everybody
let round = { participant: "", round: 1, began: 0 };
let aim = { x: 0.5, y: 0.5 }; // of the keys' cross-hair, in shares of the picture
let shownWidth = null; // of the picture when it was last looked at, in CSS pixels
let key = null; // of the picture, by its content
let unsaved = false; // whether there are marks that were neither scored nor saved
let scoring = null; // the marks that are being scored, as stored
let distance = USUAL_DISTANCE; // assumed, of the eyes from the screen, in cm
let turn = 0; // counts the viewings; a timer of an earlier one does nothing

// --------------------------------------------------------------------------------------------------------- the phases

function enter(next) {
  phase = next;
  screen.dataset.phase = next;
  const marking = next === "marking";
  picture.hidden = !(marking || next === "looking");
  part(".time").hidden = next !== "looking";
  part(".keys").hidden = !marking;
  part(".cover").hidden = !picture.hidden;
  part(".sentence").hidden = next !== "reading";
  part(".fixation-cross").hidden = next !== "fixating";
  startButton.hidden = !(next === "ready" || next === "reading");
  startButton.textContent = text(next === "reading" ? "read" : "start");
  part(".message").textContent = message(next);
  crossHair.hidden = true;
  for (const [name, value] of Object.entries(marking ? { role: "application", tabindex: 0, "aria-label": text("canvas") } : {})) {
    screen.setAttribute(name, value);
  }
  if (!marking) for (const name of ["role", "tabindex", "aria-label"]) screen.removeAttribute(name);
  refresh();
}

function message(next) {
  if (next === "empty") return [text("choose"), ...(hasMarks() ? [text("earlier_marks")] : [])].join(" ");
  if (next === "reading") return text("read_first");
  if (next === "fixating") return text("fixate");
  const seconds = text("seconds_long", { count: fields.duration.value });
  if (props.pupil) return text("ready_pupil", { seconds });
  return text("ready", { name: participant(), seconds });
}

// Words, and what else is to be known about them.
function say(words, lines = []) {
  part(".status").textContent = words;
  part(".account").replaceChildren(...lines.map((line) => node("p", {}, line)));
}

function ready() {
  turn++;
  enter("ready");
}

function begin() {
  if (sentence.trim() && phase !== "reading") {
    enter("reading");
    part(".sentence").textContent = sentence;
    startButton.focus();
  } else {
    view();
  }
}

async function view() {
  const mine = ++turn;
  const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
  enter("fixating");
  say(text("fixate"));
  await Promise.all([wait(CROSS), picture.decode()]);
  if (mine !== turn) return;
  enter("looking");
  say(text("looking"));
  shownWidth = picture.getBoundingClientRect().width;
  const duration = Number(fields.duration.value) * 1000;
  part(".time span").animate([{ transform: "scaleX(1)" }, { transform: "scaleX(0)" }], { duration, fill: "forwards" });
  await wait(duration);
  if (mine === turn) mark();
}

function mark() {
  const name = participant();
  const rounds = fixations.filter((fixation) => fixation.participant === name).map((fixation) => fixation.round);
  round = { participant: name, round: Math.max(0, ...rounds) + 1, began: performance.now() };
  aim = { x: 0.5, y: 0.5 };
  enter("marking");
  say(text("marking"));
  screen.focus({ preventScroll: true });
}

// Lets the camera record a look, and takes its fixations as a round of marks.
function record() {
  if (phase === "empty") return say(text("no_picture"));
  const mine = turn;
  const done = (recorded) => {
    if (!recorded || mine !== turn) return buttons.record.focus();
    ({ shownWidth } = recorded);
    mark();
    for (const { x, y, start, duration } of recorded.fixations) push({ x, y }, { milliseconds: Math.round(start), duration: Math.round(duration) });
    say(text(recorded.fixations.length ? "recorded" : "recorded_none"), recorded.lines);
    changed();
  };
  const seconds = Number(fields.duration.value);
  const asked = { picture: picture.src, seconds, sentence, distance: distance > 0 ? distance : USUAL_DISTANCE, done };
  document.dispatchEvent(new CustomEvent("record-gaze", { detail: asked }));
}

// --------------------------------------------------------------------------------------------------------- the marks

function ofThisRound() {
  return fixations.filter((fixation) => fixation.participant === round.participant && fixation.round === round.round);
}

function add({ x, y }) {
  const order = push({ x, y }, { milliseconds: Math.round(performance.now() - round.began) });
  say(text("marked", { order, at: placeText({ x, y }) }));
  changed();
}

// `times`: milliseconds and, where it is known, duration. Gives its place in the order of this round.
function push({ x, y }, times) {
  const inside = (share, count) => Math.min(Math.max(Math.floor(share * count), 0), count - 1);
  const order = ofThisRound().length + 1;
  const place = { x: inside(x, size.width), y: inside(y, size.height) };
  fixations.push({ participant: round.participant, round: round.round, order, ...place, ...times });
  return order;
}

function undo() {
  const last = ofThisRound().at(-1);
  if (!last) return;
  fixations.splice(fixations.indexOf(last), 1);
  say(text("undone", { order: last.order }));
  changed();
}

function placeText({ x, y }) {
  return text("at", { x: percent(x), y: percent(y) });
}

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function press(event) {
  if (phase !== "marking" || event.ctrlKey || event.altKey || event.metaKey) return;
  const step = STEPS[event.key];
  if (step) moveAim(step, event.shiftKey ? 0.005 : 0.03);
  else if (event.key === "Enter" || event.key === " ") add(aim);
  else if (event.key === "Backspace" || event.key === "Delete") undo();
  else return;
  event.preventDefault();
}

function moveAim([dx, dy], by) {
  const within = (share) => Math.min(Math.max(share, 0), 1);
  aim = { x: within(aim.x + dx * by), y: within(aim.y + dy * by) };
  crossHair.hidden = false;
  crossHair.style.left = `${aim.x * 100}%`;
  crossHair.style.top = `${aim.y * 100}%`;
  say(placeText(aim));
}

function click(event) {
  if (phase !== "marking") return;
  const frame = screen.getBoundingClientRect();
  crossHair.hidden = true;
  add({ x: (event.clientX - frame.left) / frame.width, y: (event.clientY - frame.top) / frame.height });
}

// --------------------------------------------------------------------------------------------------------- people

// A leading sign would make a formula of a name in a spreadsheet.
function participant() {
  if (props.pupil) return ""; // the server knows who it is
  return fields.participant.value.replace(/^[\s=+\-@]+/, "").trim() || text("person", { number: 1 });
}

function people() {
  const counts = new Map();
  for (const { participant: name, round: number } of fixations) {
    const person = counts.get(name) || { rounds: new Set(), fixations: 0 };
    person.rounds.add(number);
    person.fixations++;
    counts.set(name, person);
  }
  return counts;
}

function nextPerson() {
  const taken = people();
  let number = taken.size + 1;
  while (taken.has(text("person", { number }))) number++;
  fields.participant.value = text("person", { number });
  ready();
  startButton.focus();
}

function remove(name) {
  fixations = fixations.filter((fixation) => fixation.participant !== name);
  say(text("removed", { name }));
  changed();
  buttons.score.focus();
}

function removeAll() {
  if (!confirm(text("remove_all_sure", { fixations: fixations.length }))) return;
  fixations = [];
  say(text("removed_all"));
  changed();
  buttons.score.focus();
}

// The same fixation twice is one that was saved and loaded again.
function merge({ fixations: loaded, notices = [] }) {
  const name = (f) => JSON.stringify([f.participant, f.round, f.order, f.x, f.y]);
  const known = new Set(fixations.map(name));
  const added = loaded.filter((fixation) => !known.has(name(fixation)));
  fixations = fixations.concat(added);
  say(text("loaded", { count: added.length }), notices);
  keep();
}

// --------------------------------------------------------------------------------------------------------- keeping

const PREFIX = props.pupil ? "class-marks:" : "gaze-marks:"; // in front of a picture's key, in the storage of this window alone
const NONE = { fixations: [], shownWidth: null, unsaved: false };
const saved = new Map(Object.entries(stored())); // key -> the marks of a picture

// A browser may forbid it; then marks last until the page is left.
function stored() {
  try {
    const ours = Object.entries(sessionStorage).filter(([name]) => name.startsWith(PREFIX));
    return Object.fromEntries(ours.map(([name, value]) => [name.slice(PREFIX.length), JSON.parse(value)]));
  } catch {
    return {};
  }
}

function keep() {
  if (!fixations.length) unsaved = false;
  saved.set(key, { fixations, shownWidth, unsaved });
  try {
    if (fixations.length) sessionStorage.setItem(PREFIX + key, JSON.stringify(saved.get(key)));
    else sessionStorage.removeItem(PREFIX + key);
  } catch {
    // Full, or forbidden.
  }
}

function hasMarks() {
  return [...saved.values()].some(({ fixations }) => fixations.length);
}

// Changed by a visitor since the last scores.
function changed() {
  unsaved = true;
  keep();
  refresh();
}

function settled() {
  unsaved = false;
  keep();
}

function scored() {
  if (scoring === JSON.stringify([key, fixations])) settled();
  scoring = null;
}

// Browsers ask in their own words.
function leave(event) {
  if ([...saved.values()].some(({ unsaved }) => unsaved)) event.preventDefault();
}

// --------------------------------------------------------------------------------------------------------- drawing

function refresh() {
  const some = fixations.length > 0;
  const busy = phase === "fixating" || phase === "looking";
  const here = phase === "marking" ? ofThisRound() : [];
  buttons.undo.disabled = !here.length;
  buttons.again.disabled = phase !== "marking";
  buttons.next.disabled = !some || busy;
  buttons.score.disabled = busy;
  buttons.export.disabled = !some || busy;
  buttons.record.disabled = busy;
  buttons.open_class.disabled = busy;
  for (const field of Object.values(fields)) field.disabled = busy || phase === "marking";
  part(".marks").replaceChildren(...here.map(drawMark));
  drawPeople();
  props.value = {
    fixations: [...fixations],
    pixels_per_degree: pixelsPerDegree(),
    seconds: Number(fields.duration.value),
    ...(props.pupil ? { name: fields.participant.value } : {}),
  };
}

function drawMark({ x, y, order }) {
  const made = node("span", { class: "mark" }, String(order));
  made.style.left = `${((x + 0.5) / size.width) * 100}%`;
  made.style.top = `${((y + 0.5) / size.height) * 100}%`;
  return made;
}

function drawPeople() {
  const counts = people();
  part(".people").hidden = !counts.size || props.pupil;
  const columns = ["participant", "rounds", "fixations"].map((name) => node("th", { scope: "col" }, text(name)));
  const head = node("tr", {}, ...columns, node("th", { scope: "col" }, node("span", { class: "visually-hidden" }, text("remove"))));
  const rows = [...counts].map(([name, person]) => {
    const button = node("button", { type: "button", "aria-label": text("remove_of", { name }) }, text("remove"));
    button.addEventListener("click", () => remove(name));
    return personRow(name, person.rounds.size, person.fixations, button);
  });
  const rounds = [...counts.values()].reduce((sum, person) => sum + person.rounds.size, 0);
  const clear = node("button", { type: "button" }, text("remove_all"));
  clear.addEventListener("click", removeAll);
  const all = personRow(text("everybody"), rounds, fixations.length, counts.size > 1 ? clear : "");
  const table = node("table", { "aria-label": text("people") }, node("thead", {}, head), node("tbody", {}, ...rows), node("tfoot", {}, all));
  part(".people").replaceChildren(table);
}

function personRow(name, rounds, count, button) {
  const cells = [rounds, count].map((number) => node("td", { class: "number" }, String(number)));
  return node("tr", {}, node("th", { scope: "row", dir: "auto" }, name), ...cells, node("td", {}, button));
}

// Pixels of the picture per degree of visual angle during viewing.
function pixelsPerDegree() {
  if (!shownWidth || !(distance > 0)) return null;
  return pixelsPerDegreeAt(distance) * (size.width / shownWidth);
}

// --------------------------------------------------------------------------------------------------------- files, scores

function save() {
  saveFixations(fixations);
  settled();
}

function score() {
  if (phase === "empty") say(text("no_picture"));
  else if (!fixations.length) say(text(props.pupil ? "nothing_pupil" : "nothing"));
  else {
    scoring = JSON.stringify([key, fixations]);
    trigger("score");
  }
}

// Phones open the app where this page has it.
function openClass() {
  if (phase === "empty") say(text("no_picture"));
  else if (document.querySelector("#class-panel .room:not([hidden])")) say(text("class_open"));
  else trigger("open_class", { address: location.origin + location.pathname });
}

// --------------------------------------------------------------------------------------------------------- messages

function receive(sent) {
  if (sent?.picture) {
    sentence = sent.sentence ?? sentence;
    fields.duration.value = sent.seconds ?? fields.duration.value;
    put(sent.picture);
  } else if (sent && "handed_in" in sent) {
    scored();
    say(text("handed_in", { count: sent.handed_in }));
    refresh();
  } else if (sent?.refused) {
    scoring = null;
    say(sent.refused);
    refresh();
  } else if (typeof sent?.sentence === "string") {
    sentence = sent.sentence;
    if (phase === "reading") ready();
    else refresh();
  } else if (sent && "distance" in sent) {
    distance = sent.distance;
    refresh();
  } else if (sent?.fixations) {
    merge(sent);
    refresh();
  }
}

// With the marks it had when it was last here.
function put({ jpeg, width, height, key: given }) {
  size = { width, height };
  say("");
  if (key !== given) {
    key = given;
    ({ fixations, shownWidth, unsaved } = structuredClone(saved.get(key) ?? NONE));
    if (fixations.length) say(text("back", { count: fixations.length }));
  }
  picture.src = jpeg;
  screen.style.setProperty("--aspect", width / height);
  ready();
}

for (const count of [1, 2, 3, 4, 5, 7, 10]) fields.duration.append(node("option", { value: count }, text("seconds_long", { count })));
fields.duration.value = 3;
if (props.pupil) {
  for (const surplus of [fields.duration.parentElement, buttons.record, buttons.next, buttons.export, buttons.open_class]) surplus.remove();
  part("[data-text=participant]").textContent = text("name");
  buttons.score.textContent = text("hand_in");
} else {
  fields.participant.value = text("person", { number: 1 });
}
picture.alt = text("picture");

for (const field of Object.values(fields)) field.addEventListener("change", () => (phase === "ready" ? enter("ready") : refresh()));
startButton.addEventListener("click", begin);
screen.addEventListener("click", click);
screen.addEventListener("keydown", press);
buttons.undo.addEventListener("click", undo);
buttons.again.addEventListener("click", begin);
buttons.record.addEventListener("click", record);
buttons.next.addEventListener("click", nextPerson);
buttons.score.addEventListener("click", score);
buttons.export.addEventListener("click", save);
buttons.open_class.addEventListener("click", openClass);
document.addEventListener("gaze-scored", scored);
window.addEventListener("beforeunload", leave);
watch("value", () => receive(props.value));
enter("empty");
