// Where uploaded gaze falls in its picture, and what was read of it. The server draws the picture (truth_preview.py).

function fileLines({ name, failed, lines }) {
  const [first, ...others] = lines;
  return node(
    "div",
    { class: failed ? "file failed" : "file" },
    ...(name ? [node("p", { class: "name", dir: "auto" }, name)] : []),
    node("p", { class: "first" }, first),
    ...others.map((line) => node("p", {}, line)),
  );
}

function show(view) {
  const picture = element.querySelector(".picture");
  element.querySelector(".preview").hidden = !view;
  picture.hidden = !view?.image;
  picture.removeAttribute("src");
  if (view?.image) {
    const { jpeg, width, height } = view.image;
    const alt = view.where ? text("alt", { where: whereText(view.where) }) : text("alt_mask");
    Object.assign(picture, { src: jpeg, width, height, alt });
  }
  element.querySelector(".files").replaceChildren(...(view?.files ?? []).map(fileLines));
}

watch("value", () => show(props.value));
show(props.value);
