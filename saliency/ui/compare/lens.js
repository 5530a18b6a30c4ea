// One lens over many frames that show the same picture: the part of it on view, the place pointed at and the box that is
// measured are the same in all of them, whichever frame the visitor's pointer or keys are on.
//
// Places are shares of the picture's sides, [x, y]; a frame shows `lens.view` (see WHOLE in drawing.js).

const MOST_ZOOM = 8;
const ZOOM_STEP = 1.25;
const KEY_STEP = 0.02; // of what is on view
const CLICK = 4; // pixels that a pointer may move and still be clicking
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const within = (value, low, high) => Math.min(Math.max(value, low), high);

class Lens {
  // changed: called after every change with {view: whether another part is on view, frame: where keys moved it, or null}
  constructor(changed) {
    this.changed = changed;
    this.measuring = false; // whether drags draw a box even where they would move the picture or scroll the page
    this.frames = new WeakSet();
    this.reset();
  }

  reset() {
    this.view = WHOLE;
    this.point = null;
    this.box = null; // {left, top, right, bottom}
    this.anchor = null; // the corner that a box drawn by keys begins at
    this.drag = null; // {from: place, at: [clientX, clientY], view, pans} while a button or one finger is down
    this.fingers = new Map(); // of a pointer: {frame, at: [clientX, clientY]}
    this.pinch = null; // {spread: pixels, place: between the fingers, zoom} as it was when the second of two came down
  }

  attach(frame) {
    this.frames.add(frame);
    frame.addEventListener("pointerdown", (event) => this.press(event));
    frame.addEventListener("pointermove", (event) => this.move(event));
    frame.addEventListener("pointerup", (event) => this.release(event));
    frame.addEventListener("pointercancel", (event) => this.cancel(event));
    // A finger that is lifted leaves, too: what it pointed at stays.
    frame.addEventListener("pointerleave", (event) => this.drag || event.pointerType === "touch" || this.pointAt(null));
    frame.addEventListener("blur", (event) => this.frames.has(event.relatedTarget) || this.pointAt(null));
    // With two fingers the browser would scroll, and then cancel their pointers.
    for (const kind of ["touchstart", "touchmove"]) {
      frame.addEventListener(kind, (event) => event.touches.length > 1 && event.preventDefault(), { passive: false });
    }
    frame.addEventListener("keydown", (event) => this.key(event));
    // A pinch on a touchpad arrives as a wheel with Ctrl; without, the page scrolls.
    frame.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
  }

  // ------------------------------------------------------------------------------------------------------ the view

  // Enlarges by a factor and keeps the place where it is; the middle unless given.
  zoomBy(factor, place = this.middle()) {
    const zoom = within(this.view.zoom * factor, 1, MOST_ZOOM);
    const ratio = this.view.zoom / zoom;
    this.lookAt(place[0] - (place[0] - this.view.x) * ratio, place[1] - (place[1] - this.view.y) * ratio, zoom);
  }

  showWhole() {
    this.lookAt(0, 0, 1);
  }

  lookAt(x, y, zoom = this.view.zoom, frame = null) {
    const room = 1 - 1 / zoom;
    const before = this.view;
    this.view = { x: within(x, 0, room), y: within(y, 0, room), zoom };
    const changed = ["x", "y", "zoom"].some((key) => this.view[key] !== before[key]);
    this.changed({ view: changed, frame });
  }

  middle() {
    return [this.view.x + 0.5 / this.view.zoom, this.view.y + 0.5 / this.view.zoom];
  }

  // Where on a frame a place is, in percent of its sides.
  onFrame([x, y]) {
    return [(x - this.view.x) * this.view.zoom * 100, (y - this.view.y) * this.view.zoom * 100];
  }

  // ------------------------------------------------------------------------------------------------ pointer and wheel

  place(event) {
    const { left, top, width, height } = event.currentTarget.getBoundingClientRect();
    const along = (at, start, size) => within((at - start) / size, 0, 0.9999) / this.view.zoom;
    return [this.view.x + along(event.clientX, left, width), this.view.y + along(event.clientY, top, height)];
  }

  press(event) {
    if (event.pointerType === "touch") {
      this.fingers.set(event.pointerId, { frame: event.currentTarget, at: [event.clientX, event.clientY] });
      if (this.startPinch(event.currentTarget)) return;
    }
    this.pointAt(this.place(event));
    const scrolls = event.pointerType === "touch" && !this.measuring && this.view.zoom === 1;
    if (event.button !== 0 || scrolls) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    const pans = this.view.zoom > 1 && !this.measuring && !event.shiftKey;
    this.drag = { from: this.point, at: [event.clientX, event.clientY], view: this.view, pans, moved: false };
  }

  move(event) {
    const finger = this.fingers.get(event.pointerId);
    if (finger) finger.at = [event.clientX, event.clientY];
    if (this.pinch) return this.zoomBetweenFingers(event.currentTarget);
    const { drag } = this;
    if (!drag) return this.pointAt(this.place(event));
    const [right, down] = [event.clientX - drag.at[0], event.clientY - drag.at[1]];
    drag.moved ||= Math.hypot(right, down) > CLICK;
    if (!drag.moved) return;
    if (drag.pans) {
      const { width, height } = event.currentTarget.getBoundingClientRect();
      const { x, y, zoom } = drag.view;
      this.lookAt(x - right / width / zoom, y - down / height / zoom);
    } else {
      this.point = this.place(event);
      this.measure(drag.from, this.point);
    }
  }

  release(event) {
    this.lift(event);
    if (this.drag && !this.drag.moved) this.clear();
    this.drag = null;
  }

  // The browser has made a scroll of it.
  cancel(event) {
    this.lift(event);
    this.drag = null;
    this.pointAt(null);
  }

  wheel(event) {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    this.zoomBy(Math.exp(-event.deltaY / 200), this.place(event));
  }

  // -------------------------------------------------------------------------------------------------- two fingers

  // How far two fingers on one frame are apart, and the point between them as of a pointer; null unless there are two.
  between(frame) {
    const points = [...this.fingers.values()].filter((finger) => finger.frame === frame).map((finger) => finger.at);
    if (points.length !== 2) return null;
    const [[left, top], [right, bottom]] = points;
    const middle = { currentTarget: frame, clientX: (left + right) / 2, clientY: (top + bottom) / 2 };
    return { spread: Math.hypot(right - left, bottom - top), middle };
  }

  startPinch(frame) {
    const fingers = this.between(frame);
    if (!fingers?.spread) return false;
    this.pinch = { spread: fingers.spread, place: this.place(fingers.middle), zoom: this.view.zoom };
    this.drag = null;
    this.pointAt(null);
    return true;
  }

  // What was between the fingers stays between them.
  zoomBetweenFingers(frame) {
    const fingers = this.between(frame);
    if (!fingers) return;
    const { spread, place, zoom } = this.pinch;
    const now = within((zoom * fingers.spread) / spread, 1, MOST_ZOOM);
    const [x, y] = this.place(fingers.middle);
    const along = (at, start) => (at - start) * (this.view.zoom / now);
    this.lookAt(place[0] - along(x, this.view.x), place[1] - along(y, this.view.y), now);
  }

  lift(event) {
    this.fingers.delete(event.pointerId);
    this.pinch = null;
  }

  // ------------------------------------------------------------------------------------------------------------ keys

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return; // the browser's
    const { key, currentTarget: frame } = event;
    if (ARROWS[key]) this.step(ARROWS[key], event.shiftKey, frame);
    else if (key === "+" || key === "=") this.zoomBy(ZOOM_STEP, this.point ?? undefined);
    else if (key === "-") this.zoomBy(1 / ZOOM_STEP, this.point ?? undefined);
    else if (key === "0") this.showWhole();
    else if (key === "Escape" && this.box) this.clear(frame);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  step([right, down], measures, frame) {
    const from = this.point ?? this.middle();
    const along = (at, direction) => within(at + (direction * KEY_STEP) / this.view.zoom, 0, 0.9999);
    this.anchor = measures ? (this.anchor ?? from) : null;
    this.point = [along(from[0], right), along(from[1], down)];
    this.follow(frame);
    if (measures) this.measure(this.anchor, this.point, frame);
  }

  // Moves what is on view as little as shows the place pointed at.
  follow(frame) {
    const size = 1 / this.view.zoom;
    const nearest = (start, at) => within(start, at - size, at);
    this.lookAt(nearest(this.view.x, this.point[0]), nearest(this.view.y, this.point[1]), this.view.zoom, frame);
  }

  // ------------------------------------------------------------------------------------------- the point and the box

  pointAt(place) {
    this.point = place;
    if (!place) this.anchor = null;
    this.changed({ view: false, frame: null });
  }

  measure(one, other, frame = null) {
    const [left, right] = [one[0], other[0]].sort((a, b) => a - b);
    const [top, bottom] = [one[1], other[1]].sort((a, b) => a - b);
    this.box = { left, top, right, bottom };
    this.changed({ view: false, frame });
  }

  clear(frame = null) {
    this.box = this.anchor = null;
    this.changed({ view: false, frame });
  }
}
