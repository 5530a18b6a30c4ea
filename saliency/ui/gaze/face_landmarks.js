// The camera and, for each of its pictures, the features of the eyes (gaze_estimation.js). Its pictures go to the library, which
// runs in this page (page/face_mesh.py serves it), and nowhere else.

// Why nothing can be recorded; `message` is the key of a text.
class CannotRecord extends Error {}

// Thrown in what still waits for the camera after it was closed.
class Closed extends Error {}

// The smallest module with an instruction of WebAssembly's SIMD, which the library is compiled for.
const SIMD = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11];

function canComputeLandmarks() {
  return WebAssembly?.validate(Uint8Array.from(SIMD)) && Boolean(node("canvas").getContext("webgl2"));
}

let mesh = null; // a promise of {find}, once the library was asked for; it stays in the page

// `folder`: the address of the library's files. `find` gives the landmarks in a video's picture, or null without a face.
function landmarks(folder) {
  mesh ??= loadLandmarks(folder).catch((error) => {
    mesh = null; // another try loads it again
    throw error;
  });
  return mesh;
}

async function loadLandmarks(folder) {
  await new Promise((resolve, reject) => {
    const script = node("script", { src: `${folder}face_mesh.js` });
    [script.onload, script.onerror] = [resolve, reject];
    document.head.append(script);
  });
  const library = new FaceMesh({ locateFile: (name) => folder + name });
  let faces = [];
  library.setOptions({ maxNumFaces: 1, refineLandmarks: true, minDetectionConfidence: 0.5, minTrackingConfidence: 0.5 });
  library.onResults((results) => (faces = results.multiFaceLandmarks ?? []));
  await library.initialize();
  const find = async (image) => {
    await library.send({ image });
    return faces[0] ?? null;
  };
  return { find };
}

class EyeCamera {
  // `video`: is read, and must not be hidden, since browsers may count no frames of hidden ones.
  constructor(video, lost) {
    this.video = video;
    this.lost = lost; // called where the camera ends by itself
    this.closed = false;
    this.stream = null;
  }

  // Asks for the camera, then loads the library. Raises `CannotRecord`, or `Closed`.
  async open(folder) {
    if (!navigator.mediaDevices?.getUserMedia) throw new CannotRecord("no_access");
    if (!canComputeLandmarks()) throw new CannotRecord("no_library");
    await this.openCamera();
    try {
      this.library = await landmarks(folder);
      this.ensureOpen();
      await this.library.find(this.video); // the first takes seconds
    } catch (error) {
      if (!(error instanceof Closed)) console.warn(error);
      this.ensureOpen();
      throw new CannotRecord("no_library");
    }
    this.ensureOpen();
  }

  async openCamera() {
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({
        video: { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 }, facingMode: "user" },
      });
    } catch (error) {
      throw new CannotRecord(error.name === "NotAllowedError" ? "refused" : "no_camera");
    }
    if (this.closed) this.stop(); // while the browser asked
    this.ensureOpen();
    for (const track of this.stream.getTracks()) track.addEventListener("ended", this.lost);
    this.video.srcObject = this.stream;
    await this.video.play();
    this.ensureOpen();
  }

  // Of the next new picture: when it was there, and the features of its eyes, null without a face.
  async next() {
    await new Promise((resolve) => {
      if (this.video.requestVideoFrameCallback) this.video.requestVideoFrameCallback(resolve);
      else requestAnimationFrame(resolve); // may read a picture twice
    });
    this.ensureOpen();
    const time = performance.now();
    const found = await this.library.find(this.video);
    this.ensureOpen();
    return { time, features: found && eyeFeatures(found, this.video.videoWidth, this.video.videoHeight) };
  }

  ensureOpen() {
    if (this.closed) throw new Closed();
  }

  close() {
    this.closed = true;
    this.stop();
  }

  stop() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.video.srcObject = null;
  }
}
