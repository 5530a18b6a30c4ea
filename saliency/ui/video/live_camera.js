// The camera, and the newest map over its picture. A picture is sent when the map of the last one is here (live_camera.py).

const COLOURS = "viridis";
const COUNTED = 12; // maps, over whose times the rate is taken
const QUALITY = 0.8; // of the JPEG that is sent

const part = (selector) => element.querySelector(selector);
const [stage, video, canvas] = [".stage", "video", "canvas"].map(part);
const [start, stop] = ["start", "stop"].map((name) => part(`[name=${name}]`));
const opacity = part("[name=opacity]");

let stream = null; // of the camera, while it runs
let ending = null; // the timer that ends it
let number = 0; // of the picture that was sent last; answers to others are dropped
let arrivals = []; // when the last maps came
let latest = null; // the newest map, decoded

function say(key, values) {
  part(".status").textContent = key ? text(key, values) : "";
}

function setRunning(running) {
  stage.hidden = !running;
  start.hidden = running;
  stop.hidden = !running;
  opacity.closest("label").hidden = !running;
}

// ---------------------------------------------------------------------------------------------------- the camera

async function begin() {
  if (!navigator.mediaDevices?.getUserMedia) return say("no_access");
  start.disabled = true;
  say("asking");
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 640 }, facingMode: "user" } });
  } catch (error) {
    return say(error.name === "NotAllowedError" ? "refused" : "no_camera");
  } finally {
    start.disabled = false;
  }
  video.srcObject = stream;
  await video.play();
  const facing = stream.getVideoTracks()[0]?.getSettings().facingMode;
  stage.classList.toggle("mirrored", facing !== "environment"); // as one knows oneself
  stage.style.setProperty("--aspect", video.videoWidth / video.videoHeight);
  ending = setTimeout(() => end("over"), props.seconds * 1000);
  [arrivals, latest] = [[], null];
  setRunning(true);
  say("runs", { seconds: props.seconds });
  stop.focus({ preventScroll: true });
  reveal(stage);
  send();
}

function end(why) {
  if (!stream) return;
  const focused = element.contains(document.activeElement);
  for (const track of stream.getTracks()) track.stop();
  clearTimeout(ending);
  [stream, video.srcObject] = [null, null];
  number++; // the answer that is on its way belongs to nobody
  canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
  part(".rate").textContent = "";
  setRunning(false);
  say(why);
  if (focused) start.focus({ preventScroll: true });
}

// ---------------------------------------------------------------------------------------------- pictures and maps

function send() {
  if (!stream) return;
  if (!element.checkVisibility()) return end("stopped"); // another tab is open
  const scale = Math.min(1, props.side / Math.max(video.videoWidth, video.videoHeight));
  const [width, height] = [video.videoWidth, video.videoHeight].map((side) => Math.round(side * scale));
  const picture = node("canvas", { width, height });
  picture.getContext("2d").drawImage(video, 0, 0, width, height);
  number++;
  props.value = { frame: picture.toDataURL("image/jpeg", QUALITY), number };
  trigger("look");
}

async function receive(value) {
  if (value?.failed) return end("failed");
  if (!value?.map || value.number !== number || !stream) return;
  const map = await decodeMap(value.map);
  if (value.number !== number || !stream) return;
  latest = map;
  draw();
  arrivals = [...arrivals, performance.now()].slice(-COUNTED);
  if (arrivals.length > 1) part(".rate").textContent = text("rate", { rate: fixed(perSecond(), 1) });
  send();
}

function perSecond() {
  return ((arrivals.length - 1) * 1000) / (arrivals.at(-1) - arrivals[0]);
}

function draw() {
  if (!latest) return;
  const { values, width, height } = latest;
  [canvas.width, canvas.height] = [width, height];
  const colours = new Uint32Array(cover(colourTable(COLOURS), Number(opacity.value) / 100, 0, false).buffer);
  const [low, high] = extent(values);
  const image = new ImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  for (let i = 0; i < pixels.length; i++) pixels[i] = colours[Math.round(((values[i] - low) * 255) / (high - low || 1))];
  canvas.getContext("2d").putImageData(image, 0, 0);
}

start.addEventListener("click", begin);
stop.addEventListener("click", () => end("stopped"));
opacity.addEventListener("input", draw);
document.addEventListener("visibilitychange", () => document.hidden && end("stopped"));
watch("value", () => receive(props.value));
