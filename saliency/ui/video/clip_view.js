// The written video, to be played and saved, and its numbers.

const COLOURS = "viridis"; // as the server draws the maps (video_tab.py)

const [welcome, result] = [".welcome", ".result"].map((selector) => element.querySelector(selector));
const video = element.querySelector("video");
const isOf = markOutdated(element);

function numbersText({ frames, maps, width, height, duration, speed, model, sentence }) {
  const values = { frames, maps, width, height, duration: fixed(duration, 1), speed: fixed(speed, 1), model, sentence };
  return [text("numbers", values), text(sentence ? "read" : "read_nothing", values)].join(" ");
}

function show(value) {
  const filled = Boolean(value?.video);
  if (filled) {
    const { url } = value.video;
    if (video.getAttribute("src") !== url) video.src = url;
    element.querySelector(".save").href = url;
    element.querySelector(".numbers").textContent = numbersText(value);
    element.querySelector(".notices").replaceChildren(...value.notices.map((notice) => node("p", {}, notice)));
    element.querySelector(".provenance").replaceChildren(...provenanceLines(value.provenance));
    isOf(value.asked);
  }
  welcome.hidden = filled;
  result.hidden = !filled;
  if (filled) reveal(result);
}

drawColourBar(element.querySelector(".bar canvas"), colourTable(COLOURS));
watch("value", () => show(props.value));
show(props.value);
