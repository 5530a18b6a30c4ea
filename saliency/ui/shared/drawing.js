// What the components' scripts share: texts in the visitor's language, colour maps, decoding of maps, small DOM pieces. It
// stands once in the page's head, so that each component's script finds its functions; component.py puts `COMMON`, the
// common texts, before it, and a component's own texts before the component's script.
//
// A map arrives as an 8-bit grey PNG with the two values that 0 and 255 stand for, in multiples of the picture's average
// density. Text from people goes through `textContent` alone and is never parsed as HTML.

const LANGUAGE = (navigator.language || "en").toLowerCase().startsWith("zh") ? "zh" : "en";

// A function that gives one of `texts` by its key; {name} in it is replaced by `values.name`.
function textsIn(texts) {
  return (key, values = {}) => texts[key][LANGUAGE].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

const commonText = textsIn(COMMON);

// A template's words: data-text is the content, data-label the accessible name.
function fillWords(element, text) {
  for (const place of element.querySelectorAll("[data-text]")) place.textContent = text(place.dataset.text);
  for (const place of element.querySelectorAll("[data-label]")) place.setAttribute("aria-label", text(place.dataset.label));
}

const CONDITIONS = ["pure", "general", "whole", "salient", "non_salient", "macro"];

// A condition's name for people; a sentence of a name of its own has that.
const conditionName = (name, text = commonText) => (CONDITIONS.includes(name) ? text(name) : name);

// Samples of each colour map, interpolated to 256: of Matplotlib's thirty-three (all but turbo are perceptually uniform).
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
  // Less and more: blue and orange, which differ under every kind of colour vision. `cover` leaves nothing of its middle.
  difference: "0b3c8c1f63c63f8cf07db4ffffb870ff8a1fe35f00a83c00",
};

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

const LEAST_CHANGE = 0.1; // times the average density: where a scale of differences ends at the latest, or noise fills it

// The ends of a colour scale of differences, with zero in its middle.
function bothWays(values) {
  const most = Math.max(...extent(values).map(Math.abs), LEAST_CHANGE);
  return [-most, most];
}

// With a true minus sign, and none before a zero.
function fixed(value, digits) {
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
}

function times(value, sign) {
  const digits = fixed(value, Math.abs(value) < 10 ? 1 : 0);
  return (sign && Number(digits) > 0 ? "+" : "") + digits + "×";
}

function percent(share) {
  return `${Math.round(share * 100)}%`;
}

const DIGITS = { NSS: 2, KL: 2 }; // of the others three

// A score as it is shown; null is one that is not defined.
function scoreText(value, metric) {
  return value === null ? "–" : fixed(value, DIGITS[metric] ?? 3);
}

// Saves a text as a file of the visitor's. Its address lives on for a while, for browsers that read it late.
function saveFile(name, content, type) {
  const link = node("a", { href: URL.createObjectURL(new Blob([content], { type })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

// Scrolls to what is mostly outside the window.
function reveal(part) {
  const { top } = part.getBoundingClientRect();
  if (top >= 0 && top < window.innerHeight / 2) return;
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  part.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "start" });
}

// --------------------------------------------------------------------------------------------- results in words

function placeName([row, column]) {
  return commonText(`place_${row}${column}`);
}

// A map's alternative text, of what the server says of it (description.py).
function whereText({ half, place, share, peak: [x, y] }) {
  const values = { half: percent(half), place: placeName(place), share: percent(share), x: percent(x), y: percent(y) };
  return commonText("where", values);
}

const LITTLE = 0.05; // of the gaze; below, where it went says nothing

// What a sentence did, against the map of the picture alone.
function movedText({ share, source, target }) {
  if (share < 0.005) return commonText("moved_nothing");
  if (share < LITTLE) return commonText("moved_little", { share: percent(share) });
  return commonText("moved", { share: percent(share), from: placeName(source), to: placeName(target) });
}

// What a result was made of, as the elements of its footer.
function provenanceLines({ weights, seconds }) {
  const short = (entry) => ({ ...entry, sha256: entry.sha256?.slice(0, 12) ?? commonText("without_weights") });
  const stages = Object.entries(seconds).map(([stage, taken]) => `${commonText(`stage_${stage}`)} ${taken.toFixed(2)}`);
  const lines = [...weights.map((entry) => commonText("weights", short(entry))), commonText("seconds", { stages: stages.join(", ") })];
  return lines.map((line) => node("span", {}, line));
}

// ---------------------------------------------------------------------------------------- one map over its picture

// Gives a colour table its cover: how much of the picture each of the 256 values hides. Weak values fade out, so that
// the picture stays visible where nobody looks; a higher opacity covers more, full opacity all of it.
// Shares of 1; in a diverging table the middle is the weakest, and always fades out.
function cover(table, opacity, threshold, diverging) {
  for (let i = 0; i < 256; i++) {
    const strength = diverging ? Math.abs(i - 127.5) / 127.5 : i / 255;
    const full = Math.max(1 - opacity, diverging ? 0.3 : 0); // the strength from which nothing fades
    const fading = full ? Math.min(1, strength / full) : 1;
    table[i * 4 + 3] = strength < threshold ? 0 : 255 * opacity * fading;
  }
  return table;
}

const greys = new WeakMap(); // of a picture, what `greyed` made of it

// A picture without its colours, and with less contrast, for colours to lie on.
function greyed(picture) {
  if (greys.has(picture)) return greys.get(picture);
  const canvas = node("canvas", { width: picture.naturalWidth, height: picture.naturalHeight });
  const context = canvas.getContext("2d");
  context.drawImage(picture, 0, 0);
  context.globalCompositeOperation = "saturation";
  context.fillStyle = "#808080";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.globalCompositeOperation = "source-over";
  context.fillStyle = "rgb(176 176 176 / 0.4)";
  context.fillRect(0, 0, canvas.width, canvas.height);
  greys.set(picture, canvas);
  return canvas;
}

const WHOLE = { x: 0, y: 0, zoom: 1 }; // the part of the picture on view: its upper left corner in shares, and how enlarged

// A canvas with a map over its picture: `colour` maps the values to colours, which takes the time; `draw` composes the layers.
class MapCanvas {
  // picture: a decoded image; map: from `decodeMap`; label: the alternative text; width: of the canvas, in pixels.
  constructor(picture, map, label, width = picture.naturalWidth) {
    this.map = map;
    this.canvas = node("canvas", { role: "img", "aria-label": label });
    this.resize(picture, width);
    this.context = this.canvas.getContext("2d");
    this.heat = node("canvas", { width: map.width, height: map.height });
    this.heatContext = this.heat.getContext("2d");
    this.heatPixels = this.heatContext.createImageData(map.width, map.height);
  }

  // From now on another copy of the picture is drawn, so many pixels wide.
  resize(picture, width) {
    this.picture = picture;
    this.canvas.width = width;
    this.canvas.height = Math.max(1, Math.round((width * picture.naturalHeight) / picture.naturalWidth));
  }

  // table: from `colourTable`, covered; ends: the values of its first and last colour; values: the map's unless given.
  colour(table, [low, high], values = this.map.values) {
    const toIndex = 255 / (high - low || 1);
    const colours = new Uint32Array(table.buffer);
    const pixels = new Uint32Array(this.heatPixels.data.buffer);
    for (let i = 0; i < pixels.length; i++) {
      const index = ((values[i] - low) * toIndex + 0.5) | 0;
      pixels[i] = colours[index < 0 ? 0 : index > 255 ? 255 : index];
    }
    this.heatContext.putImageData(this.heatPixels, 0, 0);
  }

  // grey: whether the picture is; heat: another map's; contours: from `contourLines`; before: {share, heat}, what the left `share` shows
  // instead, over the picture.
  draw({ view = WHOLE, grey = false, heat = this.heat, contours = null, before = null } = {}) {
    const { width, height } = this.canvas;
    const place = [-view.x * view.zoom * width, -view.y * view.zoom * height, view.zoom * width, view.zoom * height];
    this.context.drawImage(grey ? greyed(this.picture) : this.picture, ...place);
    this.context.drawImage(heat, ...place);
    if (contours) strokeContours(this.context, contours, place, width / (this.canvas.clientWidth || width));
    if (before) this.drawBefore(before, place, grey && before.heat);
  }

  drawBefore({ share, heat }, place, grey) {
    const { width, height } = this.canvas;
    const edge = share * width;
    this.context.save();
    this.context.beginPath();
    this.context.rect(0, 0, edge, height);
    this.context.clip();
    this.context.drawImage(grey ? greyed(this.picture) : this.picture, ...place);
    if (heat) this.context.drawImage(heat, ...place);
    this.context.restore();
    if (edge > 0 && edge < width) {
      this.context.fillStyle = "#000";
      this.context.fillRect(edge - 2, 0, 4, height);
      this.context.fillStyle = "#fff";
      this.context.fillRect(edge - 1, 0, 2, height);
    }
  }
}

function drawColourBar(canvas, table) {
  canvas.getContext("2d").putImageData(new ImageData(new Uint8ClampedArray(table), 256, 1), 0, 0);
}

// The share of a map's sum whose pixels have their centre in a box of corners in shares of the picture.
function massInside(map, box) {
  const first = (at, count) => Math.min(Math.max(Math.ceil(at * count - 0.5), 0), count);
  const [left, right] = [first(box.left, map.width), first(box.right, map.width)];
  const [top, bottom] = [first(box.top, map.height), first(box.bottom, map.height)];
  let inside = 0;
  for (let y = top; y < bottom; y++) for (let x = left; x < right; x++) inside += map.values[y * map.width + x];
  return inside / map.values.reduce((sum, value) => sum + value, 0);
}

// ------------------------------------------------------------------------------------------------- contour lines

const CONTOUR_SHARES = [0.25, 0.5, 0.75]; // of the gaze, inside a line

// For each share the outline of the smallest region that holds so much of the map, as a path over the unit square.
function contourLines(map, shares = CONTOUR_SHARES) {
  const coarse = averaged(map, Math.max(1, Math.round(Math.max(map.width, map.height) / 120)));
  const rising = Float32Array.from(coarse.values).sort();
  return shares.map((share) => outline(coarse, levelHolding(rising, share)));
}

// Means of blocks: a line through 8-bit values would follow their steps.
function averaged(map, step) {
  const [width, height] = [Math.floor(map.width / step), Math.floor(map.height / step)];
  const values = new Float32Array(width * height);
  for (let y = 0; y < height * step; y++) {
    const row = Math.floor(y / step) * width;
    for (let x = 0; x < width * step; x++) values[row + Math.floor(x / step)] += map.values[y * map.width + x];
  }
  return { values: values.map((sum) => sum / (step * step)), width, height };
}

// The value that a region's pixels must reach for the region to hold a share of the sum.
function levelHolding(rising, share) {
  const enough = share * rising.reduce((sum, value) => sum + value, 0);
  let at = rising.length - 1;
  for (let sum = rising[at]; sum < enough && at > 0; sum += rising[at]) at--;
  return rising[at];
}

// Marching squares: a segment through every square of four neighbouring pixels that the level divides. Beyond the
// picture everything counts as just below, so that a region at the edge is closed.
function outline(map, level) {
  const { values, width, height } = map;
  const path = new Path2D();
  const excess = (x, y) => (x < 0 || y < 0 || x >= width || y >= height ? -1e-6 : values[y * width + x] - level);
  for (let y = -1; y < height; y++) {
    let [upperRight, lowerRight] = [-1e-6, -1e-6];
    for (let x = -1; x < width; x++) {
      const [upperLeft, lowerLeft] = [upperRight, lowerRight];
      upperRight = excess(x + 1, y);
      lowerRight = excess(x + 1, y + 1);
      const inside = (upperLeft >= 0) + (upperRight >= 0) + (lowerRight >= 0) + (lowerLeft >= 0);
      if (inside === 0 || inside === 4) continue;
      const ends = crossings([upperLeft, upperRight, lowerRight, lowerLeft]);
      // Four ends are a saddle; joined in order they keep two of its corners apart.
      for (let i = 0; i < ends.length; i += 2) {
        path.moveTo((x + 0.5 + ends[i][0]) / width, (y + 0.5 + ends[i][1]) / height);
        path.lineTo((x + 0.5 + ends[i + 1][0]) / width, (y + 0.5 + ends[i + 1][1]) / height);
      }
    }
  }
  return path;
}

// Where zero crosses the sides of the unit square, between corners given clockwise from the upper left.
function crossings(corners) {
  const found = [];
  for (let side = 0; side < 4; side++) {
    const [a, b] = [corners[side], corners[(side + 1) % 4]];
    if (a >= 0 !== b >= 0) found.push(onSide(side, a / (a - b)));
  }
  return found;
}

// The point so far along a side of the unit square, clockwise from the top.
function onSide(side, along) {
  return [[along, 0], [1, along], [1 - along, 1], [0, 1 - along]][side];
}

// White with a dark edge, legible on every colour; the line around the most gaze is the boldest. `pixel`: how many of the
// canvas's pixels are one of the page's, so that a line is as wide however small the map is shown.
function strokeContours(context, contours, [x, y, width, height], pixel) {
  contours.forEach((contour, i) => {
    const path = new Path2D();
    path.addPath(contour, new DOMMatrix([width, 0, 0, height, x, y]));
    const bold = contours.length - i;
    for (const [colour, extra] of [["rgb(0 0 0 / 0.6)", 2], ["#fff", 0]]) {
      context.strokeStyle = colour;
      context.lineWidth = (bold + extra) * pixel;
      context.stroke(path);
    }
  });
}
