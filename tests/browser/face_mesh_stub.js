// Stands in for face_mesh.js: a face whose eyes look at what the recorder shows. `window.gaze` says how:
// noise in pixels of the window, milliseconds per picture (slow), whether the face is away, and the path over the picture, in shares of it, with milliseconds per place.

const NOTHING = { noise: 0, path: [[0.5, 0.5]], each: 1000, away: false, slow: 0 };
const EYES = [
  [33, 133, 159, 145, 468, 260],
  [362, 263, 386, 374, 473, 380],
];

window.FaceMesh = class {
  constructor({ locateFile }) {
    window.located = locateFile("face_mesh.js");
  }
  setOptions(options) {
    if (!options.refineLandmarks) throw new Error("Without irises there is no gaze.");
  }
  onResults(listener) {
    this.listener = listener;
  }
  async initialize() {}
  async send({ image }) {
    if (!(image.videoWidth > 0)) throw new Error("There is no picture.");
    const { noise, away, slow } = { ...NOTHING, ...window.gaze };
    if (slow) await new Promise((resolve) => setTimeout(resolve, slow));
    const at = this.place().map((value) => value + noise * this.random());
    this.listener({ multiFaceLandmarks: away ? [] : [this.face(at, image)] });
  }

  // In pixels of the window.
  place() {
    const shown = (selector) => document.querySelector(`.recorder ${selector}:not([hidden])`)?.getBoundingClientRect();
    const [target, picture] = [shown(".target"), shown("img")];
    if (target) return [target.left + target.width / 2, target.top + target.height / 2];
    if (!picture) return [innerWidth / 2, innerHeight / 2];
    const { path, each } = { ...NOTHING, ...window.gaze };
    this.began ??= performance.now();
    const [x, y] = path[Math.min(path.length - 1, Math.floor((performance.now() - this.began) / each))];
    return [picture.left + x * picture.width, picture.top + y * picture.height];
  }

  // Even, from -.5 to .5, the same in every run.
  random() {
    this.seed = ((this.seed ?? 1) * 1103515245 + 12345) % 2147483648;
    return this.seed / 2147483648 - 0.5;
  }

  face([x, y], { videoWidth, videoHeight }) {
    const landmarks = Array.from({ length: 478 }, () => ({ x: 0.5, y: 0.5, z: 0 }));
    const put = (number, left, top) => (landmarks[number] = { x: left / videoWidth, y: top / videoHeight, z: 0 });
    const [across, down] = [x / innerWidth - 0.5, y / innerHeight - 0.5];
    for (const [left, right, upper, lower, iris, middle] of EYES) {
      put(left, middle - 20, 240);
      put(right, middle + 20, 240);
      put(iris, middle - 10 * across, 240 + 6 * down); // the camera sees no mirror's picture
      put(upper, middle, 233 + 2 * down);
      put(lower, middle, 246);
    }
    return landmarks;
  }
};
