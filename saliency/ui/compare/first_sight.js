// What the page opens with (first_sight.py): asked for where nobody has begun with anything, gone when somebody does.
// `props.value` is {ready} once the comparison is there, and then what `strip` says.

const opening = element.querySelector(".opening");
const summary = opening.querySelector(".summary");
const strip = opening.querySelector(".strip");
const all = opening.querySelector("[name=all]");

const result = () => document.querySelector("#maps .result:not([hidden])");

// A link, a tab or a lecture is where somebody wants to be.
const untouched = () => location.hash.length < 2 && !document.body.classList.contains("lecture") && !result();

function buildFigure(map, picture, decoded, most) {
  const label = whereText(map.where);
  const drawing = new MapCanvas(picture, decoded, label);
  drawing.colour(cover(colourTable("viridis"), 0.7, 0, false), extent(decoded.values));
  drawing.draw();
  const sentence = map.sentence ? node("em", {}, map.sentence) : text("picture_alone");
  const moved = map.moved ? [node("span", {}, text("moves", { share: percent(map.moved.share) }))] : [];
  return node("figure", most ? { class: "most" } : {}, drawing.canvas, node("figcaption", {}, sentence, ...moved));
}

async function draw({ picture, model, most, maps, of }) {
  const [image, ...decoded] = await Promise.all([loadImage(picture.jpeg), ...maps.map(decodeMap)]);
  const { sentence, moved } = maps.find(({ condition }) => condition === most);
  const values = { sentence, model, share: percent(moved.share), from: placeName(moved.source), to: placeName(moved.target) };
  summary.textContent = text("finding", values);
  all.textContent = text("all", { count: of });
  all.hidden = false;
  strip.replaceChildren(...maps.map((map, i) => buildFigure(map, image, decoded[i], map.condition === most)));
}

function open() {
  opening.style.setProperty("--ratio", props.ratio);
  strip.replaceChildren(...Array.from({ length: 4 }, () => node("div", { class: "awaited" })));
  summary.textContent = text("computing");
  opening.hidden = false;
  trigger("wanted");
}

function receive(value) {
  if (value?.maps) draw(value);
  else if (value?.ready && untouched()) trigger("fill");
  else leave();
}

function leave() {
  opening.hidden = true;
}

all.addEventListener("click", () => {
  const shown = result();
  shown.tabIndex = -1;
  shown.focus({ preventScroll: true });
  reveal(shown);
});
document.addEventListener("answered", ({ detail }) => detail === "maps" && leave());
document.addEventListener("lecture-step", leave);
watch("value", () => receive(props.value));
if (untouched()) open();
