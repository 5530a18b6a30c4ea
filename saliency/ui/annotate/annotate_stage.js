// The browser's part of annotation: a picture with its segments, which a click or a key chooses. segment_canvas.js and
// annotation_storage.js stand in front of this file.
//
// A choice is what its events make of it, one after the other (saliency/annotation/picture_annotation.py has the same
// rules). In the page of a folder (`props.folder`) events go to the server, one request at a time, and stay in the
// browser's storage until the server has them on its disk. In the app's tab they stay in this window alone.

const part = (selector) => element.querySelector(selector);
const screen = part(".screen");
const named = (name) => part(`[name=${name}]`);
const BUTTONS = ["previous", "next", "undo", "redo", "guess", "zoom_out", "zoom_in", "done", "export", "agreement"];
const buttons = Object.fromEntries(BUTTONS.map((name) => [name, named(name)]));
const [MOST_ZOOM, ZOOM_STEP] = [8, Math.SQRT2];
const storage = props.folder ? new WaitingEvents(props.folder) : new WindowEvents();

let opened = null; // the picture, as the server sent it
let segments = null; // its SegmentCanvas
let events = []; // of this picture and, on the page of a folder, of this annotator
let state = begin();
let current = null; // the segment that keys are on
let zoom = 1;
let turn = 0; // counts the pictures that were asked for; answers to earlier ones are dropped
let sending = false;

// ---------------------------------------------------------------------------------------------- what events make

function begin() {
  return { chosen: new Set(), past: [], future: [], guess: null };
}

function after(before, { action, segments: touched, source }) {
  const { chosen, past, future } = before;
  const changed = (next) => ({ ...before, chosen: next, past: [...past, chosen], future: [] });
  if (action === "toggle") return changed(toggled(chosen, touched));
  if (action === "guess") return { ...changed(new Set(touched)), guess: source };
  if (action === "undo" && past.length) return { ...before, chosen: past.at(-1), past: past.slice(0, -1), future: [...future, chosen] };
  if (action === "redo" && future.length) return { ...before, chosen: future.at(-1), past: [...past, chosen], future: future.slice(0, -1) };
  return before;
}

function toggled(chosen, touched) {
  const next = new Set(chosen);
  for (const segment of touched) if (!next.delete(segment)) next.add(segment);
  return next;
}

function replay() {
  const own = events.filter((event) => event.annotator === annotator() && event.segmentation === opened.segmentation);
  state = own.reduce(after, begin());
}

// ------------------------------------------------------------------------------------------------------- choosing

function annotator() {
  return named("annotator").value.replace(/\s+/g, " ").replace(/^[\s=+\-@]+/, "").trim();
}

function act(action, touched = [], source = "") {
  if (!opened) return false;
  if (!annotator()) return refuse("nameless");
  const event = {
    id: newId(),
    time: new Date().toISOString(),
    annotator: annotator(),
    picture: opened.stem,
    segmentation: opened.segmentation,
    action,
    segments: touched,
    source,
  };
  events.push(event);
  storage.add(event, opened);
  state = after(state, event);
  refresh();
  if (props.folder) send();
  return true;
}

function refuse(key) {
  say(text(key));
  return false;
}

function toggle(segment) {
  if (segment === null) return refuse("nowhere");
  current = segment;
  if (act("toggle", [segment])) say(text(state.chosen.has(segment) ? "chose" : "removed", described(segment)));
}

function undo() {
  if (!state.past.length) return refuse("nothing_to_undo");
  if (act("undo")) say(text("undone", { count: state.chosen.size }));
}

function redo() {
  if (!state.future.length) return refuse("nothing_to_redo");
  if (act("redo")) say(text("redone", { count: state.chosen.size }));
}

function described(segment) {
  const name = opened.names[segment];
  const values = { number: segment + 1, total: opened.names.length, share: percent(opened.shares[segment]) };
  return { what: text(name ? "segment_named" : "segment", { ...values, name }), count: state.chosen.size };
}

function describe(segment) {
  say(text(state.chosen.has(segment) ? "at_chosen" : "at", described(segment)));
}

function say(words) {
  part(".status").textContent = words;
}

// ----------------------------------------------------------------------------------------------------- mouse, keys

function click({ clientX, clientY }) {
  if (!segments) return;
  const frame = part("canvas").getBoundingClientRect();
  toggle(segments.at((clientX - frame.left) / frame.width, (clientY - frame.top) / frame.height));
}

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const KEYS = {
  " ": () => (current === null ? move(segments.order[0]) : toggle(current)),
  u: undo,
  Backspace: undo,
  r: redo,
  g: askGuess,
  n: () => step(1),
  p: () => step(-1),
  Enter: finish,
  PageDown: () => move(segments.along(current, 1)),
  PageUp: () => move(segments.along(current, -1)),
  "+": () => enlarge(ZOOM_STEP),
  "=": () => enlarge(ZOOM_STEP),
  "-": () => enlarge(1 / ZOOM_STEP),
  0: () => enlarge(1 / zoom),
};

function press(event) {
  if (!segments || event.altKey) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (event.ctrlKey || event.metaKey) {
    if (key !== "z" && key !== "y") return;
    (key === "y" || event.shiftKey ? redo : undo)();
  } else if (STEPS[key]) {
    move(current === null ? segments.at(0.5, 0.5) ?? segments.order[0] : segments.towards(current, STEPS[key]) ?? current);
  } else if (KEYS[key]) {
    KEYS[key]();
  } else {
    return;
  }
  event.preventDefault();
}

function move(segment) {
  current = segment;
  draw();
  show(segments.centres[segment]);
  describe(segment);
}

// Scrolls an enlarged picture to a place.
function show({ x, y }) {
  const [width, height] = [screen.clientWidth, screen.clientHeight];
  const [left, top] = [x * width * zoom, y * height * zoom];
  const far = (at, from, size) => at < from + 0.1 * size || at > from + 0.9 * size;
  if (far(left, screen.scrollLeft, width)) screen.scrollLeft = left - width / 2;
  if (far(top, screen.scrollTop, height)) screen.scrollTop = top - height / 2;
}

// The middle of what is shown stays in the middle.
function enlarge(by) {
  const middle = { x: (screen.scrollLeft + screen.clientWidth / 2) / zoom, y: (screen.scrollTop + screen.clientHeight / 2) / zoom };
  zoom = Math.min(Math.max(zoom * by, 1), MOST_ZOOM);
  screen.style.setProperty("--zoom", zoom);
  const place = current !== null && segments.centres[current];
  if (place) [middle.x, middle.y] = [place.x * screen.clientWidth, place.y * screen.clientHeight];
  screen.scrollLeft = middle.x * zoom - screen.clientWidth / 2;
  screen.scrollTop = middle.y * zoom - screen.clientHeight / 2;
  say(text("zoomed", { percent: Math.round(zoom * 100) }));
  refresh();
}

// --------------------------------------------------------------------------------------------------------- drawing

function draw() {
  segments?.draw(state.chosen, current, named("outlines").checked);
}

function refresh() {
  draw();
  const place = opened?.place;
  buttons.undo.disabled = !state.past.length;
  buttons.redo.disabled = !state.future.length;
  buttons.previous.disabled = !place || place.index === 0;
  buttons.next.disabled = !place || place.index === place.count - 1;
  buttons.zoom_out.disabled = zoom <= 1;
  buttons.zoom_in.disabled = zoom >= MOST_ZOOM;
  buttons.guess.disabled = !opened?.guessable;
  part(".guess-note").hidden = state.guess === null;
  part(".guess-note").textContent = state.guess === null ? "" : text("guessed", { source: state.guess });
  if (place) part(".place").textContent = text("place", { ...place, number: place.index + 1, stem: opened.stem });
  showSaved();
  if (!props.folder) props.value = { events: [...events], count: opened?.count };
}

function showSaved() {
  const waiting = props.folder ? storage.waiting().length : 0;
  part(".saved").classList.toggle("waiting", waiting > 0 && !sending);
  if (!props.folder) part(".saved").textContent = text("in_window");
  else if (!waiting) part(".saved").textContent = text("saved");
  else part(".saved").textContent = text(sending ? "saving" : "not_saved", { count: waiting });
}

// ------------------------------------------------------------------------------------------------------- pictures

async function put(message) {
  opened = message;
  events = [...(message.events ?? storage.of(message))];
  [current, zoom] = [null, 1];
  replay();
  const labels = await decodeLabels(message.labels);
  if (opened !== message) return;
  part(".picture").src = message.picture.jpeg;
  part(".picture").alt = text("picture");
  screen.style.setProperty("--aspect", message.picture.width / message.picture.height);
  screen.style.setProperty("--zoom", 1);
  segments = new SegmentCanvas(part("canvas"), labels, message.names.length);
  part(".welcome").hidden = true;
  part(".bench").hidden = false;
  say(text("opened", { total: message.names.length, count: state.chosen.size }));
  refresh();
}

async function open(stem, step = 0) {
  const mine = ++turn;
  await send();
  const answer = await server.open({ stem, step, annotator: annotator() });
  if (mine !== turn) return;
  if (!answer?.picture) return say(answer?.error ?? text("no_server"));
  storage.remember({ stem: answer.stem, annotator: annotator() });
  await put(answer);
  if (step) screen.focus({ preventScroll: true });
}

function step(by) {
  const place = opened?.place;
  if (!place) return refuse("no_other");
  const to = place.index + by;
  if (to < 0 || to >= place.count) return refuse(by > 0 ? "last" : "first");
  open(opened.stem, by);
}

function finish() {
  if (!props.folder || !act("done")) return;
  if (opened.place.index < opened.place.count - 1) step(1);
  else say(text("finished"));
}

async function askGuess() {
  if (!opened?.guessable) return;
  say(text("guessing"));
  if (!props.folder) return trigger("guess");
  const of = opened;
  const answer = await server.guess({ stem: opened.stem });
  if (of === opened) takeGuess(answer ?? { error: text("no_server") });
}

function takeGuess({ guess, error }) {
  if (error) say(error);
  else if (!guess) say(text("no_guess"));
  else if (act("guess", guess.segments, guess.source)) say(text("guess_taken", { count: guess.segments.length }));
}

// ------------------------------------------------------------------------------------------------------- the server

// Until the server has all; what it could not be reached for is sent again by the next event, or after a while.
async function send() {
  if (sending || !props.folder) return;
  sending = true;
  showSaved();
  let answer = null;
  while (storage.waiting().length) {
    const batch = storage.waiting().slice(0, 100);
    answer = await server.save({ events: batch });
    if (!answer?.settled?.length) break;
    storage.settle(answer.settled);
    if (answer.error) say(answer.error);
  }
  sending = false;
  showSaved();
  if (!storage.waiting().length) return;
  if (answer?.error) say(answer.error);
  setTimeout(send, 2000);
}

async function showAgreement() {
  const answer = await server.agreement({});
  const result = part(".agreement-result");
  if (!answer || answer.error) result.textContent = answer?.error ?? text("no_server");
  else if (!answer.pictures) result.textContent = text("no_agreement");
  else {
    const kappa = (value) => (value === null ? "–" : fixed(value, 2));
    const lines = answer.cohen.map(([one, other, value]) => text("cohen", { one, other, kappa: kappa(value) }));
    const all = text("agreed", { pictures: answer.pictures, iou: fixed(answer.iou, 2), fleiss: kappa(answer.fleiss) });
    result.textContent = [all, ...lines].join("\n");
  }
}

function receive(sent) {
  if (sent?.picture) put(sent);
  else if (sent && "guess" in sent) takeGuess(sent);
}

// ------------------------------------------------------------------------------------------------------------ begin

part(".welcome").textContent = text(props.folder ? "loading" : "choose");
part(".about").textContent = text(props.folder ? "about_folder" : "about_tab");
if (!props.folder) for (const name of ["previous", "next", "done", "agreement"]) buttons[name].hidden = true;
const remembered = storage.remembered();
named("annotator").value = remembered.annotator ?? text("person");
named("annotator").addEventListener("change", () => {
  if (!annotator()) return refuse("nameless");
  if (props.folder) return open(opened?.stem);
  replay();
  refresh();
});
named("outlines").addEventListener("change", draw);
part(".sheet").addEventListener("click", click);
screen.addEventListener("keydown", press);
const pressed = {
  previous: () => step(-1),
  next: () => step(1),
  undo,
  redo,
  guess: askGuess,
  zoom_out: () => enlarge(1 / ZOOM_STEP),
  zoom_in: () => enlarge(ZOOM_STEP),
  done: finish,
  export: () => trigger("export"),
  agreement: showAgreement,
};
for (const [name, handler] of Object.entries(pressed)) buttons[name].addEventListener("click", handler);
watch("value", () => receive(props.value));
if (props.folder) open(remembered.stem ?? "");
else receive(props.value);
