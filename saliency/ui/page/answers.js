// Brings an answer to who asked for it: gives it the focus, or scrolls to it.

// What the page does by itself moves nobody; nor do steps of a lecture, whose bar has the focus.
const asked = () => navigator.userActivation?.hasBeenActive !== false && !document.body.classList.contains("lecture");

const shownIn = (id) => {
  const result = document.querySelector(`#${id} .result`);
  return result?.checkVisibility() ? result : null;
};

// For users of screen readers and keyboards; a field being typed in keeps the focus. builder.py sends the event.
document.addEventListener("answered", async ({ detail: id }) => {
  if (!asked()) return;
  for (let tries = 0; !shownIn(id) && tries < 100; tries++) await new Promise((resolve) => setTimeout(resolve, 50));
  const result = shownIn(id);
  const has = document.activeElement;
  if (!result || !(has === document.body || has.matches("button"))) return;
  result.tabIndex = -1;
  result.focus({ preventScroll: true });
});

// On a phone the stage is below the window when an example is put on it. `load` does not bubble.
document.addEventListener("load", ({ target }) => {
  const stage = target.matches?.("#gaze-stage .picture") && target.closest("#gaze-stage");
  if (stage && asked()) reveal(stage);
}, true);
