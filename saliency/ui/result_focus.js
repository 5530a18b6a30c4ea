// After an answer the focus is on it, for who reads by ear or moves by keys. It stays with who is typing. builder.py
// tells of answers by an event.

const shownIn = (id) => {
  const result = document.querySelector(`#${id} .result`);
  return result?.checkVisibility() ? result : null;
};

document.addEventListener("answered", async ({ detail: id }) => {
  // What the page shows by itself takes no focus; nor do answers in a lecture, whose bar has it.
  if (navigator.userActivation?.hasBeenActive === false || document.body.classList.contains("lecture")) return;
  for (let tries = 0; !shownIn(id) && tries < 100; tries++) await new Promise((resolve) => setTimeout(resolve, 50));
  const result = shownIn(id);
  const has = document.activeElement;
  if (!result || !(has === document.body || has.matches("button"))) return;
  result.tabIndex = -1;
  result.focus({ preventScroll: true });
});
