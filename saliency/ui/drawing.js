// What every component's browser half shares: texts in the visitor's language, colour maps, decoding of maps, small DOM
// pieces. It stands in front of the component's own file in Gradio's `js_on_load`, whose `element`, `props` and `watch`
// come from there. `TEXTS` is put before it by component.py.
//
// A map arrives as an 8-bit grey PNG with the two values that 0 and 255 stand for, in multiples of the picture's average
// density. Text from people goes through `textContent` alone and is never parsed as HTML.

const LANGUAGE = (navigator.language || "en").toLowerCase().startsWith("zh") ? "zh" : "en";

// A text by its key; {name} in it is replaced by `values.name`.
function text(key, values = {}) {
  return TEXTS[key][LANGUAGE].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

// The template's words: data-text is the content, data-label the accessible name.
for (const place of element.querySelectorAll("[data-text]")) place.textContent = text(place.dataset.text);
for (const place of element.querySelectorAll("[data-label]")) place.setAttribute("aria-label", text(place.dataset.label));

// Thirty-three samples of each colour map (Matplotlib's; all but turbo are perceptually uniform), interpolated to 256.
const COLOUR_MAPS = {
  viridis:
    "440154470d6048186a482374472d7b4537814240863e49893b528b375b8d33638d2f6b8e2c728e297a8e26828e23898e21918c" +
    "1f988b1fa08822a78528ae8032b67a3fbc734ec36b5ec96270cf5784d44b98d83eaddc30c2df23d8e219ece51bfde725",
  cividis:
    "00224e00285b002e6a0533711a386f273e6e32436d3b496c434e6c4b546c535a6d5a5f6e61656f686a716f70737676767d7c78" +
    "8482798c8878938e789b9476a39a74aba072b4a76fbcae6cc4b468cdbb63d5c25edec958e7d150f0d846f9e03afee838",
  inferno:
    "0000040403120b0724150b37210c4a2f0a5b3d09654a0c6b57106e64156e71196e7d1e6d8a226a972766a32c61b0315bbc3754" +
    "c73e4cd24644db503be45a31eb6628f1731df68013f98e09fb9d07fcac11fbbc21f9cb35f5db4cf2ea69f3f68afcffa4",
  magma:
    "0000040303120a0822130d341d114729115a36106b440f7651127c5d177f6a1c81762181832681902a819c2e7faa337db73779" +
    "c43c75d0416fdc4869e75263ef5d5ef56b5cf9795dfc8961fd9869fea772feb67cfec488fed395fde2a3fcf0b2fcfdbf",
  turbo:
    "30123b392a734040a24456c7466be34680f64294ff37a8fa28bceb1ccdd818ddc21fe9af32f2984ef97d6dfe628bff4ba4fc3c" +
    "b9f635cdec34dfdf37eecf3af8be39fdac34fe962bfb7e21f46617eb500edf3f08d02f05be2102a91601920b017a0403",
  difference:
    "2d004b390c5e4518715225845f3a916d529c7b6aa88a7eb39990bfa9a1cbb7b1d5c3c0ddcfcfe5dadcece4e5f0eeeef3f7f7f6" +
    "f9efe1fce8cdfee1b9fed59ffdc885fdbc6bf7ac52ee9b39e58a20d97b12cb6e0dbd6109ae55069e4c078d43077f3b08",
};

// ---------------------------------------------------------------------------------------------------- small pieces

function node(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) made.setAttribute(name, value);
  made.append(...children); // strings become text nodes
  return made;
}

// The 256 colours of a map as bytes, red green blue alpha.
function colourTable(name) {
  const stops = COLOUR_MAPS[name].match(/../g).map((pair) => parseInt(pair, 16));
  const last = stops.length / 3 - 1;
  const table = new Uint8ClampedArray(256 * 4).fill(255);
  for (let i = 0; i < 256; i++) {
    const at = (i / 255) * last;
    const left = Math.min(Math.floor(at), last - 1);
    for (let channel = 0; channel < 3; channel++) {
      const [a, b] = [stops[left * 3 + channel], stops[left * 3 + 3 + channel]];
      table[i * 4 + channel] = a + (b - a) * (at - left);
    }
  }
  return table;
}

async function loadImage(source) {
  const image = new Image();
  image.src = source;
  await image.decode();
  return image;
}

// The values of a map in multiples of the average density.
async function decodeMap(map) {
  const image = await loadImage(map.png);
  const canvas = node("canvas", { width: image.naturalWidth, height: image.naturalHeight });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  const pixels = context.getImageData(0, 0, canvas.width, canvas.height).data;
  const values = new Float32Array(canvas.width * canvas.height);
  for (let i = 0; i < values.length; i++) values[i] = map.low + ((map.high - map.low) * pixels[i * 4]) / 255;
  return { values, width: canvas.width, height: canvas.height };
}

function extent(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

// With a true minus sign, and none before a zero.
function fixed(value, digits) {
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
}

function times(value, sign) {
  return (sign && value > 0 ? "+" : "") + fixed(value, Math.abs(value) < 10 ? 1 : 0) + "×";
}
