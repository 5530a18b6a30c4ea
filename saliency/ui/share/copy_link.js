// Copies the link to what Compare's form holds, which the page's address knows (address.js).

const [button, status, link] = ["button", "[role=status]", ".link"].map((selector) => element.querySelector(selector));

function ask() {
  const asked = {};
  document.dispatchEvent(new CustomEvent("link-asked", { detail: asked }));
  return asked.url;
}

// Where a browser does not let the page copy, as on addresses without https, the link is there to be copied by hand.
async function copy() {
  link.value = ask();
  status.textContent = ""; // so that the same text is announced again
  try {
    await navigator.clipboard.writeText(link.value);
    link.hidden = true;
    status.textContent = text("copied");
  } catch {
    link.hidden = false;
    link.select();
    status.textContent = text("refused");
  }
}

button.addEventListener("click", copy);
