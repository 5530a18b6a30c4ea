// A look recorded with the camera, in a dialog over the whole page: calibration at nine points, its error at four others, the
// picture, and the fixations. The stage asks for it by the event `record-gaze` (gaze_stage.js). gaze_estimation.js and
// face_landmarks.js stand in front of this file.
//
// `props`: the address of the library, and in milliseconds how long an eye gets to reach a point (`settle`), how long
// it is then read (`dwell`), how much longer a face is waited for (`patience`), and how long the cross is shown.

// In shares of the window; the order is one that nobody foresees.
const CALIBRATED = [[0.5, 0.5], [0.94, 0.06], [0.06, 0.5], [0.5, 0.94], [0.06, 0.06], [0.94, 0.94], [0.5, 0.06], [0.06, 0.94], [0.94, 0.5]];
const CHECKED = [[0.25, 0.72], [0.75, 0.28], [0.72, 0.75], [0.28, 0.25]];
const LEAST_FRAMES = 8; // with a face, per point
const MOST_DEGREES = 5; // of the error; above, a fixation says little
const MOST_OF_CHANCE = 0.5; // in a small window five degrees are no feat
const SLOW = 15; // frames per second, below which short fixations are missed

const part = (selector) => element.querySelector(selector);
const dialog = part("dialog");
const [mirror, target, picture] = [".mirror", ".target", ".picture"].map(part);

let camera = null; // of the recording under way
let resized = false; // since calibration began
let finish = () => {};

// ----------------------------------------------------------------------------------------------------- the dialog

// Shows nothing but these parts of the dialog.
function show(...parts) {
  for (const one of [part(".panel"), target, part(".fixation-cross"), picture]) one.hidden = !parts.includes(one);
  part(".stop").hidden = parts.includes(part(".panel"));
  if (!part(".stop").hidden) dialog.focus();
}

// Lines, and buttons named by their texts. Gives the name of the one that is pressed.
function ask(lines, ...names) {
  show(part(".panel"));
  part(".lines").replaceChildren(...lines.map((line) => node("p", {}, line)));
  [mirror.hidden, part(".sentence").hidden] = [true, true];
  part(".face").textContent = "";
  const buttons = names.map((name, i) => node("button", { type: "button", name, ...(i ? {} : { class: "primary" }) }, text(name)));
  part(".choices").replaceChildren(...buttons);
  (buttons[0] ?? dialog).focus();
  return new Promise((resolve) => buttons.forEach((button, i) => button.addEventListener("click", () => resolve(names[i]))));
}

async function open({ detail: asked }) {
  if (dialog.open) return;
  dialog.showModal();
  const mine = (camera = new EyeCamera(part(".read"), () => fail("lost")));
  finish = asked.done;
  try {
    close(await record(asked, mine));
  } catch (error) {
    if (error instanceof CannotRecord) await fail(error.message);
    else if (!(error instanceof Closed)) {
      console.warn(error);
      await fail("failed");
    }
  }
}

// `recorded` is what the stage gets; null where there is nothing.
function close(recorded = null) {
  if (!camera) return;
  camera.close();
  [camera, mirror.srcObject] = [null, null];
  dialog.close();
  finish(recorded);
}

async function fail(key) {
  if (!camera) return;
  camera.close();
  await ask([text(key), text("clicks_stay")], "clicks");
  close();
}

// ------------------------------------------------------------------------------------------------------- the steps

async function record(asked, mine) {
  const seconds = text("seconds_long", { count: asked.seconds });
  const about = [text("private"), text("steps", { seconds }), text("sit", { distance: asked.distance })];
  if ((await ask(about, "camera_on", "clicks")) === "clicks") return null;
  ask([text("preparing")]);
  await mine.open(new URL(props.library, location.href).href);
  for (let why = null; ; ) {
    if (!(await aim(mine, why))) return null;
    const measured = await measure(mine);
    if (typeof measured === "string") why = text(measured);
    else {
      const choice = await report(measured, asked);
      if (choice === "clicks") return null;
      if (choice === "show" && !resized) return look(asked, mine, measured);
      why = resized ? text("resized") : null;
    }
  }
}

// Until a face is in the picture and its owner is ready; false where clicks are preferred.
async function aim(mine, why) {
  let choice = null;
  mirror.srcObject = mine.stream;
  const asking = () => {
    choice = null;
    ask([why, text("aim")].filter(Boolean), "calibrate", "clicks").then((name) => (choice = name));
    mirror.hidden = false;
  };
  asking();
  for (;;) {
    const { features } = await mine.next();
    const words = text(features ? "face" : "no_face");
    if (part(".face").textContent !== words) part(".face").textContent = words;
    if (choice === "clicks") return false;
    if (choice === "calibrate" && features) return true;
    if (choice === "calibrate") asking();
  }
}

// What calibration found, in CSS pixels of the window: {gaze, open, error, chance}, where chance is the error of who always
// answers the window's middle; or the text that says why it found nothing.
async function measure(mine) {
  resized = false;
  const points = [];
  for (const place of [...CALIBRATED, ...CHECKED]) {
    const found = await dwell(mine, place);
    if (resized) return "resized";
    if (typeof found === "string") return found;
    points.push(found);
  }
  const found = calibrate(points.slice(0, CALIBRATED.length));
  const checked = points.slice(CALIBRATED.length);
  const chance = errorAt(checked, () => [innerWidth / 2, innerHeight / 2]).mean;
  return { ...found, error: errorAt(checked, found.gaze), chance };
}

// The features of the eyes while they look at a place: {target, rows}; or the text that says why there are too few.
async function dwell(mine, [x, y]) {
  show(target);
  target.style.left = `${x * 100}%`;
  target.style.top = `${y * 100}%`;
  const from = performance.now() + props.settle;
  const until = from + props.dwell;
  shrink(props.settle + props.dwell);
  const frame = target.getBoundingClientRect();
  const rows = [];
  let without = 0; // pictures, of a face
  for (;;) {
    const { time, features } = await mine.next();
    if (time < from) continue;
    if (features) rows.push(features);
    else without++;
    if (rows.length >= LEAST_FRAMES && time >= until) break;
    if (time > until + props.patience) return without > rows.length ? "face_lost" : "too_slow";
  }
  return { target: [frame.left + frame.width / 2, frame.top + frame.height / 2], rows };
}

// A small target is looked at more precisely.
function shrink(duration) {
  for (const animation of target.getAnimations()) animation.cancel();
  if (window.matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  target.animate([{ scale: 1.7 }, { scale: 0.8 }], { duration, fill: "forwards" });
}

function report({ error, chance }, { distance, seconds, sentence }) {
  const degree = pixelsPerDegreeAt(distance);
  const values = { degrees: fixed(error.mean / degree, 1), pixels: Math.round(error.mean), largest: fixed(error.largest / degree, 1) };
  const lines = [text("measured", values), text("assumed", { distance })];
  const refused = (key, numbers) => ask([...lines, text(key, numbers)], "again", "clicks");
  if (error.mean / degree > MOST_DEGREES) return refused("too_wide", { most: MOST_DEGREES });
  if (error.mean > chance * MOST_OF_CHANCE) return refused("too_small", { chance: fixed(chance / degree, 1) });
  const shown = text("seconds_long", { count: seconds });
  const read = sentence.trim();
  const chosen = ask([...lines, text(read ? "read_first" : "ready", { seconds: shown })], "show", "again", "clicks");
  part(".sentence").textContent = read;
  part(".sentence").hidden = !read;
  return chosen;
}

// The picture, and what the eyes did meanwhile.
async function look(asked, mine, { gaze, open: openLids, error }) {
  picture.src = asked.picture;
  show(part(".fixation-cross"));
  await picture.decode();
  const ends = performance.now() + props.cross;
  while ((await mine.next()).time < ends);
  show(picture);
  const frame = picture.getBoundingClientRect();
  const began = performance.now();
  const samples = [];
  for (let time = 0; time < asked.seconds * 1000; ) {
    const read = await mine.next();
    time = read.time - began;
    const visible = read.features && read.features[OPENING] > openLids;
    samples.push({ time, point: visible ? gaze(read.features) : null });
  }
  if (resized) throw new CannotRecord("resized");
  return recorded(samples, frame, error, asked);
}

// Fixations as the stage takes them, x and y in shares of the picture, and lines on how they were found.
function recorded(samples, frame, error, { distance, seconds }) {
  const degree = pixelsPerDegreeAt(distance);
  const width = filterWidth(error.scatter / degree);
  const found = fixationsOf(smoothed(samples), width * degree);
  // The eye is still where the cross was.
  const looked = found.filter(({ start }) => start - samples[0].time >= LEAST_MILLISECONDS);
  const shares = looked.map(({ x, y, ...when }) => ({ x: (x - frame.left) / frame.width, y: (y - frame.top) / frame.height, ...when }));
  const fixations = shares.filter(({ x, y }) => x >= 0 && x < 1 && y >= 0 && y < 1);
  const rate = Math.round(samples.length / seconds);
  const values = { count: fixations.length, seconds, width: fixed(width, 1), least: LEAST_MILLISECONDS, rate };
  const lines = [
    text("found", values),
    text("error", { degrees: fixed(error.mean / degree, 1), pixels: Math.round(error.mean), distance }),
    ...(found.length > looked.length ? [text("first")] : []),
    ...(looked.length > fixations.length ? [text("outside", { count: looked.length - fixations.length })] : []),
    ...(rate < SLOW ? [text("slow", { rate })] : []),
  ];
  return { fixations, lines, shownWidth: frame.width };
}

picture.alt = text("picture");
part(".stop").addEventListener("click", () => close());
dialog.addEventListener("cancel", (event) => {
  event.preventDefault();
  close();
});
dialog.addEventListener("close", () => close()); // however a browser closed it
window.addEventListener("resize", () => (resized = true));
document.addEventListener("visibilitychange", () => document.hidden && close());
document.addEventListener("record-gaze", open);
