// A class as its lecturer shows it: the address and its QR code, how many have marked, and what becomes of the marks.
// fixation_file.js stands in front of this file.
//
// The server puts a message into `props.value`: a class that was opened {code, url, qr}, how many have `marked`, everybody's
// `fixations` to be saved, or that the class has `ended` with a sentence, which may be empty.

const part = (selector) => element.querySelector(selector);
const room = part(".room");
const over = part(".over");
const results = part("[name=results]");

const LOCAL = /^(localhost|127\.|\[::1\])/; // what only this computer understands

function open({ code, url, qr }) {
  const address = url.replace(/^https?:\/\//, "");
  part(".qr").src = qr;
  part(".qr").alt = text("qr", { address });
  part(".address").replaceChildren(address.split("#")[0], node("wbr"), node("span", {}, `#${address.split("#")[1]}`));
  part(".local").hidden = !LOCAL.test(location.hostname);
  room.dataset.code = code;
  results.checked = true;
  count(0);
  room.hidden = false;
  over.hidden = true;
  showResults();
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  room.scrollIntoView({ behavior: calm ? "auto" : "smooth" }); // the results come below
}

function count(marked) {
  part(".count").textContent = text(marked === 1 ? "marked_one" : "marked", { marked });
  part("[name=export]").disabled = !marked;
}

function close(why) {
  room.hidden = true;
  over.hidden = !why;
  over.textContent = why;
}

function receive(sent) {
  if (sent?.code) open(sent);
  else if (sent?.fixations) saveFixations(sent.fixations);
  else if (sent && "marked" in sent) count(sent.marked);
  else if (sent && "ended" in sent) close(sent.ended);
}

// Hidden until everybody has marked, so that nobody marks what a model predicts.
function showResults() {
  document.querySelector("#class-view").classList.toggle("away", !results.checked);
}

part("[name=export]").addEventListener("click", () => trigger("export"));
part("[name=end]").addEventListener("click", () => confirm(text("end_sure")) && trigger("end"));
results.addEventListener("change", showResults);
window.addEventListener("beforeunload", (event) => room.hidden || event.preventDefault()); // the class would end
watch("value", () => receive(props.value));
