// The segments of a picture: which one lies where, how they are drawn, and which is next to which. annotate_stage.js
// stands behind this file.

const NOWHERE = 65535; // of pixels that belong to no segment, as the server sends them

const [RIM, CHOSEN_RIM, CURRENT_RIM] = [1, 2, 4]; // pixels: how wide the outlines are
const HATCH = 9; // pixels from line to line of what is chosen, which is known without its colour

const rgba = (r, g, b, a) => ((a << 24) | (b << 16) | (g << 8) | r) >>> 0; // as ImageData has it in memory
const LIGHT = rgba(255, 255, 255, 190);
const DARK = rgba(0, 0, 0, 120);
const CHOSEN = rgba(255, 0, 200, 96);
const CHOSEN_LINE = rgba(255, 190, 245, 200);
const CHOSEN_EDGE = rgba(190, 0, 150, 255);
const [CURRENT_ONE, CURRENT_OTHER] = [rgba(0, 0, 0, 255), rgba(0, 229, 255, 255)];

// The labels of a PNG whose red and green are the lower and the upper byte of a segment's number.
async function decodeLabels(png) {
  const image = await loadImage(png);
  const [width, height] = [image.naturalWidth, image.naturalHeight];
  const context = node("canvas", { width, height }).getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  const pixels = context.getImageData(0, 0, width, height).data;
  const values = new Uint16Array(width * height);
  for (let i = 0; i < values.length; i++) values[i] = pixels[4 * i] + 256 * pixels[4 * i + 1];
  return { values, width, height };
}

class SegmentCanvas {
  constructor(canvas, labels, count) {
    Object.assign(this, labels);
    this.context = canvas.getContext("2d");
    [canvas.width, canvas.height] = [this.width, this.height];
    this.image = new ImageData(this.width, this.height);
    this.rim = this.findRim();
    this.centres = this.findCentres(count); // null where a segment has no pixel here
    this.order = this.readingOrder();
  }

  // The segment at a place in shares of the picture; null where there is none.
  at(x, y) {
    const inside = (share, size) => Math.min(Math.max(Math.floor(share * size), 0), size - 1);
    const found = this.values[inside(y, this.height) * this.width + inside(x, this.width)];
    return found === NOWHERE ? null : found;
  }

  // 1: light, 2: dark, side by side along the outlines, visible on every picture.
  findRim() {
    const { values, width, height } = this;
    const rim = new Uint8Array(values.length);
    for (let y = 0, i = 0; y < height; y++) {
      for (let x = 0; x < width; x++, i++) {
        if ((x + 1 < width && values[i] !== values[i + 1]) || (y + 1 < height && values[i] !== values[i + width])) rim[i] = 1;
        else if ((x > 0 && values[i] !== values[i - 1]) || (y > 0 && values[i] !== values[i - width])) rim[i] = 2;
      }
    }
    return rim;
  }

  // Of each segment the pixel of its own that is nearest to its mean, in shares of the picture.
  findCentres(count) {
    const { values, width } = this;
    const sums = Array.from({ length: count }, () => [0, 0, 0]);
    values.forEach((segment, i) => {
      const sum = sums[segment];
      if (!sum) return;
      sum[0] += i % width;
      sum[1] += Math.floor(i / width);
      sum[2]++;
    });
    const nearest = sums.map(() => [Infinity, 0]);
    values.forEach((segment, i) => {
      const sum = sums[segment];
      if (!sum) return;
      const distance = (i % width - sum[0] / sum[2]) ** 2 + (Math.floor(i / width) - sum[1] / sum[2]) ** 2;
      if (distance < nearest[segment][0]) nearest[segment] = [distance, i];
    });
    const place = (i) => ({ x: (i % width + 0.5) / width, y: (Math.floor(i / width) + 0.5) / this.height });
    return nearest.map(([distance, i]) => (distance < Infinity ? place(i) : null));
  }

  // By lines of a tenth of the picture, from the left to the right in each.
  readingOrder() {
    const line = ({ y }) => Math.floor(y * 10);
    const shown = [...this.centres.keys()].filter((segment) => this.centres[segment]);
    return shown.sort((a, b) => line(this.centres[a]) - line(this.centres[b]) || this.centres[a].x - this.centres[b].x);
  }

  // The segment that lies nearest in a direction; sidewards counts double. Null where there is none.
  towards(from, [dx, dy]) {
    const start = this.centres[from] ?? { x: 0.5, y: 0.5 };
    let [best, found] = [Infinity, null];
    this.centres.forEach((centre, segment) => {
      if (!centre || segment === from) return;
      const [right, down] = [(centre.x - start.x) * this.width, (centre.y - start.y) * this.height];
      const [ahead, aside] = [right * dx + down * dy, Math.abs(right * dy) + Math.abs(down * dx)];
      if (ahead > 0.5 && ahead + 2 * aside < best) [best, found] = [ahead + 2 * aside, segment];
    });
    return found;
  }

  // The segment so many steps on in reading order.
  along(from, step) {
    const at = this.order.indexOf(from);
    return this.order.at((at + step) % this.order.length);
  }

  // chosen: a set of segments; current: the one that keys are on, or null; outlines: whether all have one.
  draw(chosen, current, outlines) {
    const { values, width, rim } = this;
    const pixels = new Uint32Array(this.image.data.buffer);
    const isChosen = new Uint8Array(NOWHERE + 1);
    for (const segment of chosen) isChosen[segment] = 1;
    for (let i = 0, x = 0, y = 0; i < values.length; i++, ++x === width && ((x = 0), y++)) {
      const segment = values[i];
      let colour = 0;
      if (outlines && rim[i]) colour = rim[i] === RIM ? LIGHT : DARK;
      if (isChosen[segment]) {
        if (this.isEdge(i, x, y, CHOSEN_RIM, (other) => !isChosen[other])) colour = CHOSEN_EDGE;
        else if (!colour) colour = (x + y) % HATCH === 0 ? CHOSEN_LINE : CHOSEN;
      }
      if (segment === current && this.isEdge(i, x, y, CURRENT_RIM, (other) => other !== current)) {
        colour = (x + y) % 12 < 6 ? CURRENT_ONE : CURRENT_OTHER;
      }
      pixels[i] = colour;
    }
    this.context.putImageData(this.image, 0, 0);
  }

  // Whether a pixel is so near to another segment that counts as outside, or to the picture's edge.
  isEdge(i, x, y, wide, isOutside) {
    const { values, width, height } = this;
    return (
      x < wide || y < wide || x >= width - wide || y >= height - wide ||
      isOutside(values[i - wide]) || isOutside(values[i + wide]) || isOutside(values[i - wide * width]) || isOutside(values[i + wide * width])
    );
  }
}
