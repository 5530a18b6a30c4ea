// The charts of an error analysis: intervals of means, histograms, and one model against another. They stand between
// drawing.js and error_view.js, which says what is selected.

// The order of conditions everywhere.
const CONDITION_COLOURS = { pure: "#8a8a8a", general: "#0072b2", whole: "#009e73", salient: "#d55e00", non_salient: "#cc79a7" };
const BINS = 40;

function shape(tag, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

function mean(values) {
  const known = values.filter((value) => value !== null);
  return known.length ? known.reduce((sum, value) => sum + value, 0) / known.length : null;
}

// The two ends of an axis for all values of a metric, whatever is selected: filtering moves points, not the scale.
function axisEnds(lists) {
  const known = lists.flat().filter((value) => value !== null);
  if (!known.length) return [0, 1];
  const [low, high] = extent(known);
  return low < high ? [low, high] : [low - 0.5, low + 0.5];
}

// ------------------------------------------------------------------------------------------------ means

// A row per condition, a column per model; `scores` have condition, model (a column's name), mean, low, high and n.
// options: selected: how many samples are, for the row of the condition "selection"; waiting: whether what is missing is
// on its way; signed: whether the numbers are differences, which have a sign and a line at zero.
function meansTable(label, conditions, columns, scores, metric, options) {
  const head = node("tr", {}, node("th", { scope: "col" }, text("condition")));
  head.append(...columns.map(({ title }) => node("th", { scope: "col" }, title)));
  const ends = axisEnds([scores.flatMap((row) => [row.low, row.high]), options.signed ? [0] : []]);
  const body = node("tbody");
  for (const condition of conditions) {
    const line = node("tr", {}, node("th", { scope: "row" }, text(condition, { n: options.selected })));
    for (const { name } of columns) {
      const found = scores.find((row) => row.condition === condition && row.model === name);
      line.append(meanCell(found, ends, metric, options));
    }
    body.append(line);
  }
  return node("table", { "aria-label": text(label) }, node("thead", {}, head), body);
}

function meanCell(row, [low, high], metric, { waiting, signed }) {
  if (!row && waiting) return node("td", {}, "…");
  if (!row || row.mean === null) return node("td", {}, "–");
  const signedText = (value) => (signed && Number(scoreText(value, metric)) > 0 ? "+" : "") + scoreText(value, metric);
  const interval = row.low === null ? "" : ` [${signedText(row.low)}, ${signedText(row.high)}]`;
  const cell = node("td", { title: text("n_samples", { n: row.n }) }, signedText(row.mean), node("span", { class: "faint" }, interval));
  const x = (value) => `${(100 * (value - low)) / (high - low)}%`;
  const drawing = shape("svg", { "aria-hidden": "true" });
  if (signed) drawing.append(shape("line", { class: "median", x1: x(0), x2: x(0), y1: 0, y2: 12 }));
  if (row.low !== null) drawing.append(shape("line", { class: "whisker", x1: x(row.low), x2: x(row.high), y1: 6, y2: 6 }));
  drawing.append(shape("circle", { class: "dot", cx: x(row.mean), cy: 6, r: 4 }));
  cell.append(drawing);
  return cell;
}

// ------------------------------------------------------------------------------------------------ distributions

// The value below which a share of rising values lies.
function quantile(rising, share) {
  const at = share * (rising.length - 1);
  const left = Math.floor(at);
  return rising[left] + (at - left) * (rising[Math.min(left + 1, rising.length - 1)] - rising[left]);
}

function histogram(title, values, [low, high], metric) {
  const rising = values.filter((value) => value !== null).sort((a, b) => a - b);
  const made = node("div", {}, node("strong", {}, title));
  if (!rising.length) {
    made.append(node("p", { class: "faint" }, text("no_values")));
    return made;
  }
  const counts = new Array(BINS).fill(0);
  for (const value of rising) counts[Math.min(BINS - 1, Math.floor((BINS * (value - low)) / (high - low)))]++;
  const [first, median, third] = [0.25, 0.5, 0.75].map((share) => quantile(rising, share));
  const summary = text("spread", { n: rising.length, median: scoreText(median, metric), first: scoreText(first, metric), third: scoreText(third, metric) });
  const drawing = shape("svg", { role: "img", "aria-label": `${title}: ${summary}`, viewBox: `0 0 ${BINS} 70`, preserveAspectRatio: "none" });
  const most = Math.max(...counts);
  counts.forEach((count, i) => {
    const height = (66 * count) / most;
    if (count) drawing.append(shape("rect", { class: "bar", x: i + 0.06, y: 70 - height, width: 0.88, height }));
  });
  const x = (BINS * (median - low)) / (high - low);
  drawing.append(shape("line", { class: "median", x1: x, x2: x, y1: 0, y2: 70, "vector-effect": "non-scaling-stroke" }));
  made.append(" ", node("span", { class: "faint" }, summary), drawing);
  made.append(node("div", { class: "ends" }, node("span", {}, scoreText(low, metric)), node("span", {}, scoreText(high, metric))));
  return made;
}

// ------------------------------------------------------------------------------------------------ scatter

const MARGIN = 48; // pixels for the numbers at the axes

// Points on a canvas, each a sample: `open(sample)` where one is clicked, `describe(sample)` beside one that is pointed at.
class Scatter {
  constructor(plane, open, describe) {
    this.canvas = plane.querySelector("canvas");
    this.tip = plane.querySelector(".tip");
    this.describe = describe;
    this.points = [];
    this.canvas.addEventListener("pointermove", (event) => this.hover(event));
    this.canvas.addEventListener("pointerleave", () => this.hover(null));
    this.canvas.addEventListener("click", (event) => {
      const point = this.nearest(event);
      if (point) open(point.sample);
    });
    new ResizeObserver(() => this.draw()).observe(this.canvas);
  }

  // points: {sample, x, y, colour}; ends: of both axes.
  show(points, ends, metric) {
    Object.assign(this, { points, ends, metric });
    this.hover(null);
    this.draw();
  }

  place(value, upwards) {
    const [low, high] = this.ends;
    const along = (value - low) / (high - low);
    const room = this.side - MARGIN - 8;
    return upwards ? 8 + room * (1 - along) : MARGIN + room * along;
  }

  draw() {
    const ratio = window.devicePixelRatio || 1;
    this.side = this.canvas.clientWidth;
    if (!this.side || !this.ends) return;
    this.canvas.width = this.canvas.height = Math.round(this.side * ratio);
    const context = this.canvas.getContext("2d");
    context.scale(ratio, ratio);
    this.drawAxes(context, getComputedStyle(element).color);
    for (const point of this.points) {
      point.left = this.place(point.x, false);
      point.top = this.place(point.y, true);
      context.beginPath();
      context.arc(point.left, point.top, 3.5, 0, 7);
      context.globalAlpha = 0.62;
      context.fillStyle = point.colour;
      context.fill();
    }
    context.globalAlpha = 1;
  }

  // The frame, the diagonal on which both models are as good, and the ends of the scale.
  drawAxes(context, ink) {
    const [low, high] = this.ends;
    const [left, right, top, bottom] = [this.place(low, false), this.place(high, false), this.place(high, true), this.place(low, true)];
    context.strokeStyle = context.fillStyle = ink;
    context.globalAlpha = 0.35;
    context.strokeRect(left, top, right - left, bottom - top);
    context.setLineDash([4, 4]);
    context.beginPath();
    context.moveTo(left, bottom);
    context.lineTo(right, top);
    context.stroke();
    context.setLineDash([]);
    context.globalAlpha = 0.8;
    context.font = "12px system-ui, sans-serif";
    context.textAlign = "right";
    context.fillText(scoreText(high, this.metric), right, bottom + 16);
    context.fillText(scoreText(low, this.metric), left - 4, bottom);
    context.fillText(scoreText(high, this.metric), left - 4, top + 10);
    context.textAlign = "left";
    context.fillText(scoreText(low, this.metric), left, bottom + 16);
  }

  nearest(event) {
    let [found, best] = [null, 12 ** 2];
    for (const point of this.points) {
      const distance = (point.left - event.offsetX) ** 2 + (point.top - event.offsetY) ** 2;
      if (distance < best) [found, best] = [point, distance];
    }
    return found;
  }

  hover(event) {
    const point = event && this.nearest(event);
    this.tip.hidden = !point;
    this.canvas.style.cursor = point ? "pointer" : "";
    if (!point) return;
    this.tip.textContent = this.describe(point.sample);
    const rightwards = point.left < this.side / 2;
    this.tip.style.left = rightwards ? `${point.left + 12}px` : "auto";
    this.tip.style.right = rightwards ? "auto" : `${this.side - point.left + 12}px`;
    this.tip.style.top = `${point.top}px`;
  }
}
