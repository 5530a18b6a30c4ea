// Where the browser keeps events: on the page of a folder those that the server has not yet, in the app's tab all.

// Unique, and rising with time; a page without https has no crypto.randomUUID.
function newId() {
  const random = [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  newId.last = Math.max((newId.last ?? 0) + 1, Date.now());
  return `${newId.last.toString(16).padStart(12, "0")}-${random}`;
}

// One item per event: two windows on the same folder do not overwrite one another's.
class WaitingEvents {
  constructor(folder) {
    this.prefix = `annotation:${folder}:`;
    this.place = `annotating:${folder}`;
    const stored = Object.keys(localStorage).filter((name) => name.startsWith(this.prefix));
    this.events = new Map(stored.sort().map((name) => [name.slice(this.prefix.length), JSON.parse(localStorage.getItem(name))]));
  }

  add(event) {
    this.events.set(event.id, event);
    try {
      localStorage.setItem(this.prefix + event.id, JSON.stringify(event));
    } catch {
      // Full; then it waits in the page alone.
    }
  }

  // In the order in which they were made.
  waiting() {
    return [...this.events.values()];
  }

  settle(ids) {
    for (const id of ids) {
      this.events.delete(id);
      localStorage.removeItem(this.prefix + id);
    }
  }

  of() {
    return [];
  }

  remember(place) {
    localStorage.setItem(this.place, JSON.stringify(place));
  }

  remembered() {
    return JSON.parse(localStorage.getItem(this.place) ?? "{}");
  }
}

// As long as the window is open, by picture, so that another picture or a reload loses none.
class WindowEvents {
  constructor() {
    this.prefix = "annotated:";
    this.events = new Map();
  }

  name({ picture, segmentation }) {
    return `${this.prefix}${picture.key}:${segmentation}`;
  }

  add(event, opened) {
    const all = [...this.of(opened), event];
    this.events.set(this.name(opened), all);
    try {
      sessionStorage.setItem(this.name(opened), JSON.stringify(all));
    } catch {
      // Full, or forbidden; then they last until the page is left.
    }
  }

  of(opened) {
    const name = this.name(opened);
    try {
      return this.events.get(name) ?? JSON.parse(sessionStorage.getItem(name) ?? "[]");
    } catch {
      return [];
    }
  }

  remembered() {
    return {};
  }
}
