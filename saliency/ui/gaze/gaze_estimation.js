// From landmarks of a face to fixations: features of the eyes, their regression on the screen, its error, and the filter
// that finds fixations. Pure functions; points are [x, y] in CSS pixels of the window unless it says otherwise.

const CSS_PIXELS_PER_CM = 96 / 2.54; // by the definition of a CSS pixel

// CSS pixels per degree of visual angle straight ahead, at a distance in cm.
function pixelsPerDegreeAt(distance) {
  return 2 * distance * Math.tan(Math.PI / 360) * CSS_PIXELS_PER_CM;
}

function medianOf(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

// Of rows of equal length, column by column.
function medianRow(rows) {
  return rows[0].map((_, column) => medianOf(rows.map((row) => row[column])));
}

// ------------------------------------------------------------------------------------------------------- the eyes

// Numbers of MediaPipe's landmarks; left and right as in the camera's picture.
const EYES = [
  { left: 33, right: 133, upper: 159, lower: 145, iris: 468 },
  { left: 362, right: 263, upper: 386, lower: 374, iris: 473 },
];

// The mean of both eyes, in widths of the eye: where the iris is along the line between the corners and across it, from its
// middle, and how far the lids are open. `landmarks`: {x, y} in shares of a picture of that width and height.
function eyeFeatures(landmarks, width, height) {
  const at = (number) => [landmarks[number].x * width, landmarks[number].y * height];
  const eyes = EYES.map(({ left, right, upper, lower, iris }) => {
    const [from, to] = [at(left), at(right)];
    const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
    const square = dx * dx + dy * dy;
    const along = (a, b) => ((b[0] - a[0]) * dx + (b[1] - a[1]) * dy) / square;
    const across = (a, b) => ((b[1] - a[1]) * dx - (b[0] - a[0]) * dy) / square;
    const middle = [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2];
    return [along(middle, at(iris)), across(middle, at(iris)), Math.abs(across(at(upper), at(lower)))];
  });
  return eyes[0].map((value, i) => (value + eyes[1][i]) / 2);
}

const OPENING = 2; // its place among the features

// ------------------------------------------------------------------------------------------------- the regression

const RIDGE = 0.01; // of the variance of a column

const meanOf = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

// A function that brings rows like these to mean 0 and variance 1, column by column.
function standardiser(rows) {
  const columns = rows[0].map((_, i) => rows.map((row) => row[i]));
  const centres = columns.map(meanOf);
  const scales = columns.map((column, i) => Math.sqrt(meanOf(column.map((value) => (value - centres[i]) ** 2))) || 1);
  return (row) => row.map((value, i) => (value - centres[i]) / scales[i]);
}

// Quadratic terms of where the iris is: neither an eye nor a flat screen is linear.
function withSquares([along, across, opening]) {
  return [along, across, opening, along * along, across * across, along * across];
}

// Ridge regression of points on features and their quadratic terms, one row each; the intercept is not shrunk. Gives
// a function from features to a point.
function fitGaze(rows, points, ridge = RIDGE) {
  const plain = standardiser(rows);
  const curved = (row) => withSquares(plain(row));
  const again = standardiser(rows.map(curved));
  const standard = (row) => again(curved(row));
  const known = rows.map(standard);
  const terms = known[0].map((_, i) => i);
  const gram = terms.map((i) => terms.map((j) => meanOf(known.map((row) => row[i] * row[j])) + (i === j ? ridge : 0)));
  const lines = [0, 1].map((axis) => {
    const middle = meanOf(points.map((point) => point[axis]));
    const moments = terms.map((i) => meanOf(known.map((row, n) => row[i] * (points[n][axis] - middle))));
    return { middle, weights: solve(gram, moments) };
  });
  return (row) => lines.map(({ middle, weights }) => middle + standard(row).reduce((sum, value, i) => sum + value * weights[i], 0));
}

// Gaussian elimination with pivots; `matrix` is square and regular.
function solve(matrix, right) {
  const rows = matrix.map((row, i) => [...row, right[i]]);
  const count = rows.length;
  for (let i = 0; i < count; i++) {
    let pivot = i;
    for (let k = i + 1; k < count; k++) if (Math.abs(rows[k][i]) > Math.abs(rows[pivot][i])) pivot = k;
    [rows[i], rows[pivot]] = [rows[pivot], rows[i]];
    for (let k = i + 1; k < count; k++) {
      const factor = rows[k][i] / rows[i][i];
      for (let j = i; j <= count; j++) rows[k][j] -= factor * rows[i][j];
    }
  }
  const found = [];
  for (let i = count - 1; i >= 0; i--) {
    found[i] = rows[i][count];
    for (let j = i + 1; j < count; j++) found[i] -= rows[i][j] * found[j];
    found[i] /= rows[i][i];
  }
  return found;
}

// What calibration leads to. `measured`: {target, rows} of the points that it is fitted to. `open`: the least opening of the lids
// that is no blink; frames below are left out.
function calibrate(measured) {
  const open = Math.min(...measured.map(({ rows }) => medianOf(rows.map((row) => row[OPENING])))) / 2;
  const frames = measured.flatMap(({ target, rows }) => rows.filter((row) => row[OPENING] > open).map((row) => ({ row, target })));
  return { open, gaze: fitGaze(frames.map(({ row }) => row), frames.map(({ target }) => target)) };
}

// What is wrong at check points: the distances between them and the medians of what was computed there, as their mean and the
// largest; and the scatter, the mean distance of single frames from their point's median.
function errorAt(checked, gaze) {
  const apart = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]);
  const places = checked.map(({ target, rows }) => ({ target, points: rows.map(gaze), middle: medianRow(rows.map(gaze)) }));
  const distances = places.map(({ target, middle }) => apart(middle, target));
  const scatter = meanOf(places.flatMap(({ points, middle }) => points.map((point) => apart(point, middle))));
  return { mean: meanOf(distances), largest: Math.max(...distances), scatter };
}

// ------------------------------------------------------------------------------------------------------- fixations

const MEDIAN_OF = 5; // frames
const LEAST_MILLISECONDS = 100; // of a fixation
const LEAST_WIDTH = 1.5; // degrees; of a dispersion that is one fixation's
const WIDTHS_PER_SCATTER = 2.7; // found by simulation, see docs/experiments/webcam-gaze.md

// The width of the dispersion filter for a scatter, both in degrees: what is measured of an eye that rests is as wide.
function filterWidth(scatter) {
  return Math.max(LEAST_WIDTH, WIDTHS_PER_SCATTER * scatter);
}

// Moving median of samples {time, point}, where a point is null in a blink or without a face; those stay null.
function smoothed(samples, count = MEDIAN_OF) {
  const reach = (count - 1) / 2;
  return samples.map(({ time, point }, i) => {
    if (!point) return { time, point };
    const near = samples.slice(Math.max(0, i - reach), i + reach + 1).filter((sample) => sample.point);
    return { time, point: medianRow(near.map((sample) => sample.point)) };
  });
}

// I-DT (Salvucci & Goldberg 2000): the longest runs of samples whose ranges across and down sum to at most `width` and that
// last at least `least` milliseconds. Gives {x, y, start, duration}; a null point ends a run.
function fixationsOf(samples, width, least = LEAST_MILLISECONDS) {
  const found = [];
  for (let first = 0; first < samples.length; ) {
    const last = endOfRun(samples, first, width);
    if (last < first) first++;
    else if (samples[last].time - samples[first].time < least) first++;
    else {
      const points = samples.slice(first, last + 1).map((sample) => sample.point);
      const [x, y] = [0, 1].map((axis) => points.reduce((sum, point) => sum + point[axis], 0) / points.length);
      found.push({ x, y, start: samples[first].time, duration: samples[last].time - samples[first].time });
      first = last + 1;
    }
  }
  return found;
}

// The last sample of the run that starts at `first`, or one before it where there is none.
function endOfRun(samples, first, width) {
  const ranges = [0, 1].map(() => [Infinity, -Infinity]);
  let last = first - 1;
  for (let i = first; i < samples.length && samples[i].point; i++) {
    ranges.forEach((range, axis) => {
      range[0] = Math.min(range[0], samples[i].point[axis]);
      range[1] = Math.max(range[1], samples[i].point[axis]);
    });
    if (ranges.reduce((sum, [low, high]) => sum + high - low, 0) > width) break;
    last = i;
  }
  return last;
}
