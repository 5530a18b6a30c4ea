// Cancel, for as long as there is something to cancel. Gradio marks what holds a component whose answer is awaited, and
// here the answer of the event that can be cancelled is: see cancel_button.py.

const SOON = 500; // milliseconds; what takes less shows no button that comes and goes

const [button, status] = ["button", "[role=status]"].map((selector) => element.querySelector(selector));
const holder = element.closest(".html-container");

let began = null; // what had the focus when the event began, while it runs
let cancelled = false;
let late = null;

function start() {
  [began, cancelled, status.textContent] = [document.activeElement, false, ""];
  late = setTimeout(() => (button.hidden = false), SOON);
}

function end() {
  clearTimeout(late);
  [began, button.hidden] = [null, true];
}

// Gradio takes the empty answer of a cancelled event for a failure, and says so over what was to be computed.
function forgive() {
  for (const clear of document.querySelectorAll("[data-testid=status-tracker] .clear-status button")) clear.click();
}

new MutationObserver(() => {
  const awaited = holder.classList.contains("pending");
  if (awaited && !began) start();
  if (!awaited && began) end();
  if (cancelled) forgive();
}).observe(holder.parentElement, { attributeFilter: ["class"], childList: true, subtree: true });

button.addEventListener("click", () => {
  cancelled = true;
  status.textContent = text("cancelled");
  began?.focus({ preventScroll: true }); // the button goes
  trigger("cancel");
});
