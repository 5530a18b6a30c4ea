// Makes the link (`Copy link`) and reads it when the page opens. It is all behind the address's #, which browsers keep to
// themselves: the words of a link reach no server's log before they are restored.
const settings = () => [...document.querySelectorAll("#maps .toolbar :is(select, input)")];

// How maps are drawn, as a link says it.
function drawn() {
  return settings().map((control) => [control.name, control.type === "checkbox" ? Number(control.checked) : control.value]);
}

function make(link, example, general, salient, nonSalient, models) {
  const fields = new URLSearchParams({ example, general, salient, non_salient: nonSalient, models: models.join(" ") });
  for (const [name, value] of drawn()) fields.set(name, value);
  const url = `${location.origin}${location.pathname}#${fields}`;
  navigator.clipboard?.writeText(url).catch(() => {}); // not allowed: the link is there to be copied by hand
  return [url, example, general, salient, nonSalient, models];
}

function opened() {
  const fields = location.hash.slice(1);
  return fields.length > 64000 ? "" : fields; // three sentences at their longest fit
}

// A control takes what it can mean: a select one of its options, a slider a number in its range.
function settle(link) {
  const fields = new URLSearchParams(link);
  for (const control of settings()) {
    const value = fields.get(control.name);
    if (value === null) continue;
    if (control.type === "checkbox") control.checked = value === "1";
    else if (control.tagName !== "SELECT" || [...control.options].some((option) => option.value === value)) control.value = value;
    control.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

function restore(picture) {
  settle(opened());
  const { example } = Object.fromEntries(new URLSearchParams(opened()));
  if (picture && example) setTimeout(() => document.querySelector("#compare").click());
}

// While a lecture fills the forms, what was in them is kept in the page, and put back in the end.
function keep(...values) {
  document.body.keptForms = { values, link: new URLSearchParams(drawn()) };
}

function putBack() {
  const { values, link } = document.body.keptForms;
  settle(link);
  return values;
}
