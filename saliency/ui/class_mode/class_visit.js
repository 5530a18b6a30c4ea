// The page of who takes part in a class: the address says #class=CODE, and nothing else of the app is shown (theme.css).
//
// To the server `props.value` says {code, token}: which class, and which of its participants. The server answers with a
// token or with a sentence why there is none.

const state = element.querySelector(".state");
const form = element.querySelector(".code");
const PLACE = "class-place:"; // in front of a code, in the storage of this window: after a reload one is the same participant

let code = null; // of the class, as the address has it
let token = "";

function place(written) {
  try {
    if (written) sessionStorage.setItem(PLACE + code, written);
    return sessionStorage.getItem(PLACE + code) ?? "";
  } catch {
    return written ?? ""; // forbidden
  }
}

function enter() {
  code = new URLSearchParams(location.hash.slice(1)).get("class");
  document.body.classList.toggle("in-class", code !== null);
  document.body.classList.remove("joined");
  if (code === null) return;
  token = place();
  say(text("joining"));
  props.value = { code, token };
  trigger("join");
}

function say(words, refused = false) {
  state.textContent = words;
  state.classList.toggle("refused", refused);
  form.hidden = !refused;
}

function receive(sent) {
  if (sent?.refused) {
    say(sent.refused, true);
  } else if (sent?.joined) {
    token = place(sent.joined) || sent.joined;
    props.value = { code, token };
    document.body.classList.add("joined");
    say(text("joined"));
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const typed = form.elements.code.value.trim();
  if (location.hash === `#class=${encodeURIComponent(typed)}`) enter();
  else location.hash = `class=${encodeURIComponent(typed)}`;
});
window.addEventListener("hashchange", enter);
watch("value", () => receive(props.value));
enter();
