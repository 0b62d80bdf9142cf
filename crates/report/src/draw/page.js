// What the reader sees and touches: the drawing field, the outputs as bars, the hidden units.

// Of a drawing of DRAWN_SIZE, it makes lines as wide as the median of MNIST's training images has them: 2.7 of 28 pixels.
const PEN_WIDTH = 30;
const DRAWN_SIZE = 190;
const KEY_STEP = 10;
const MAX_UNITS_SHOWN = 256;
const LEGEND =
  "A unit's picture shows its weights: ink on brown (orange in the dark) excites it, ink on blue inhibits it. Its frame shows its output: the stronger the colour, the larger, and blue where it is negative.";

const network = readNetwork(document.getElementById("draw-network").textContent);
const field = document.getElementById("draw-field");
const paper = field.getContext("2d", { willReadFrequently: true });
const cursor = document.getElementById("draw-cursor");
const spoken = document.getElementById("draw-spoken");

const show = { bars: barsOf(network), layers: hiddenLayersOf(network) };
// What is drawn, in the size in which the network gets it.
const sheet = Object.assign(document.createElement("canvas"), { width: field.width, height: field.height }).getContext("2d", { willReadFrequently: true });
let strokes = []; // lists of points
let pen = null; // where it touches the paper, or null
let keyPen = { x: field.width / 2, y: field.height / 2, down: false };
let isScheduled = false;
let isExample = false; // whether the field shows an example, which the first stroke takes away

// --- Drawing ---

function line(from, to) {
  if (isExample) clear();
  if (from === to || strokes.length === 0) strokes.push([from]);
  if (from !== to) strokes.at(-1).push(to);
  paint(paper, from, to);
  readSoon();
}

function paint(paper, from, to) {
  paper.strokeStyle = paper.fillStyle = "white";
  paper.lineWidth = PEN_WIDTH;
  paper.lineCap = "round";
  paper.beginPath();
  paper.moveTo(from.x, from.y);
  paper.lineTo(to.x, to.y);
  paper.stroke();
  // A line from a point to itself would leave no dot.
  paper.beginPath();
  paper.arc(to.x, to.y, PEN_WIDTH / 2, 0, 2 * Math.PI);
  paper.fill();
}

function clear() {
  paper.clearRect(0, 0, field.width, field.height);
  strokes = [];
  isExample = false;
  readSoon();
  speak();
}

function lift() {
  keyPen.down = false;
  clear();
}

// A sample of the test set: what the network does is seen before anything is drawn.
function showExample() {
  const text = document.getElementById("draw-example")?.textContent.trim();
  if (!text) return;
  const pixels = atob(text);
  const size = field.width / network.side;
  for (let i = 0; i < pixels.length; i++) {
    paper.fillStyle = `rgb(255 255 255 / ${pixels.charCodeAt(i) / 255})`;
    const [x, y] = [i % network.side, Math.floor(i / network.side)].map((place) => Math.round(place * size));
    const [right, bottom] = [x, y].map((begin) => Math.round(Math.round(begin / size + 1) * size));
    paper.fillRect(x, y, right - x, bottom - y);
  }
  isExample = true;
}

function within(position, size) {
  return Math.min(Math.max(position, 0), size);
}

// Pointer events are those of a mouse, a finger and a pen alike.
function place(event) {
  const box = field.getBoundingClientRect();
  const [x, y] = [event.clientX - box.left - field.clientLeft, event.clientY - box.top - field.clientTop];
  return { x: within((x / field.clientWidth) * field.width, field.width), y: within((y / field.clientHeight) * field.height, field.height) };
}

field.addEventListener("pointerdown", (event) => {
  if (!event.isPrimary || event.button !== 0) return;
  field.setPointerCapture(event.pointerId);
  pen = place(event);
  line(pen, pen);
});

field.addEventListener("pointermove", (event) => {
  if (!pen || !event.isPrimary) return;
  // A browser may have gathered several positions since the last frame.
  const positions = event.getCoalescedEvents?.() ?? [];
  for (const position of positions.length > 0 ? positions : [event]) {
    const next = place(position);
    line(pen, next);
    pen = next;
  }
});

for (const name of ["pointerup", "pointercancel"]) {
  field.addEventListener(name, (event) => {
    if (!pen || !event.isPrimary) return;
    pen = null;
    speak();
  });
}

field.addEventListener("keydown", (event) => {
  const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  if (step) {
    const next = {
      x: within(keyPen.x + KEY_STEP * step[0], field.width),
      y: within(keyPen.y + KEY_STEP * step[1], field.height),
    };
    if (keyPen.down) line(keyPen, next);
    keyPen = { ...next, down: keyPen.down };
  } else if (event.key === " ") {
    keyPen.down = !keyPen.down;
    if (keyPen.down) line(keyPen, keyPen);
    speak();
  } else if (event.key === "Delete" || event.key === "Backspace") {
    lift();
  } else {
    return;
  }
  event.preventDefault();
  showCursor();
});

function showCursor() {
  cursor.hidden = document.activeElement !== field || !field.matches(":focus-visible");
  cursor.style.left = `${(100 * keyPen.x) / field.width}%`;
  cursor.style.top = `${(100 * keyPen.y) / field.height}%`;
  cursor.classList.toggle("is-down", keyPen.down);
}

field.addEventListener("focus", showCursor);
field.addEventListener("blur", showCursor);
document.getElementById("draw-clear").addEventListener("click", lift);

// --- Reading ---

// Lines are as wide in a small drawing as in a large one: scaled with their drawing, those of a small one would be three times too
// wide. Hence it is the strokes that are scaled, and the same pen that draws them; a dot stays one.
function inOneSize() {
  const ends = (along) => {
    const all = strokes.flat().map((point) => point[along]);
    return [all.reduce((a, b) => Math.min(a, b)), all.reduce((a, b) => Math.max(a, b))];
  };
  const [[left, right], [top, bottom]] = [ends("x"), ends("y")];
  const size = Math.max(right - left, bottom - top);
  const scale = size < PEN_WIDTH ? 1 : DRAWN_SIZE / size;
  const place = ({ x, y }) => ({
    x: field.width / 2 + scale * (x - (left + right) / 2),
    y: field.height / 2 + scale * (y - (top + bottom) / 2),
  });
  sheet.clearRect(0, 0, field.width, field.height);
  for (const stroke of strokes) {
    const points = stroke.map(place);
    points.forEach((point, i) => paint(sheet, points[Math.max(i - 1, 0)], point));
  }
  return sheet;
}

// The ink is how opaque the paper is.
function picture() {
  const drawn = strokes.length > 0 ? inOneSize() : paper;
  const pixels = drawn.getImageData(0, 0, field.width, field.height).data;
  const ink = Uint8Array.from({ length: pixels.length / 4 }, (_, i) => pixels[4 * i + 3]);
  return pictureOf(ink, field.width, field.height, network.side);
}

// Once per frame, however many events there are.
function readSoon() {
  if (isScheduled) return;
  isScheduled = true;
  requestAnimationFrame(() => {
    isScheduled = false;
    read();
  });
}

function read() {
  const seen = picture();
  showPicture(seen);
  if (seen.every((pixel) => pixel === 0)) {
    showOutputs(null);
    showHidden(null);
    return;
  }
  const { values, y } = forward(network, seen);
  showOutputs(y);
  showHidden(values);
}

function showPicture(seen) {
  paintPixels(document.getElementById("draw-seen"), seen, (pixel) => [pixel, pixel, pixel, 255]);
}

// Paints a square canvas: `colour` makes red, green, blue and opacity of a value.
function paintPixels(canvas, values, colour) {
  const context = canvas.getContext("2d");
  const image = context.createImageData(canvas.width, canvas.height);
  Array.from(values).forEach((value, i) => image.data.set(colour(value), 4 * i));
  context.putImageData(image, 0, 0);
}

// --- Outputs ---

function formatOutput(value) {
  return network.output === "identity" ? value.toFixed(2) : `${(100 * value).toFixed(1)}\u00a0%`;
}

function barsOf(network) {
  const list = document.getElementById("draw-bars");
  list.classList.toggle("is-named", network.classes.some((name) => name.length > 3));
  return network.classes.map((className) => {
    const item = list.appendChild(document.createElement("li"));
    const [name, track, value] = ["b", "span", "span"].map((tag) => item.appendChild(document.createElement(tag)));
    track.className = "draw-track";
    const bar = track.appendChild(document.createElement("span"));
    name.textContent = className;
    return { item, bar, value };
  });
}

function showOutputs(y) {
  const best = y ? ranking(y)[0] : -1;
  show.bars.forEach(({ item, bar, value }, place) => {
    item.classList.toggle("is-best", place === best);
    bar.style.width = y ? `${100 * Math.min(Math.max(y[place], 0), 1)}%` : "0";
    value.textContent = y ? formatOutput(y[place]) : "–";
  });
}

// The places of the values, those of the largest first.
function ranking(values) {
  return [...values.keys()].sort((a, b) => values[b] - values[a]);
}

// Whoever listens instead of looking hears the answer once a stroke has ended, not at every movement.
function speak() {
  spoken.textContent = keyPen.down ? "The pen is down." : isExample ? `A sample of the test set. ${answer()}` : answer();
}

function answer() {
  const seen = picture();
  if (seen.every((pixel) => pixel === 0)) return "Nothing is drawn.";
  const y = forward(network, seen).y;
  const [first, second] = ranking(y);
  const text = (place) => `${network.classes[place]} (${formatOutput(y[place])})`;
  return `The network reads: ${text(first)}; its second guess: ${text(second)}.`;
}

// --- Hidden units ---

// What stands before an affine layer, but for the first, is the output of a hidden layer.
function hiddenLayersOf(network) {
  const affines = network.layers.flatMap((layer, l) => (layer.layer === "affine" ? [l] : []));
  return affines.slice(1).map((end, index) => {
    const between = network.layers.slice(affines[index] + 1, end).map((layer) => layer.layer);
    const activation = between.findLast((name) => name !== "dropout" && name !== "batch-norm") ?? "identity";
    const place = network.layers.findLastIndex((layer, l) => l < end && layer.layer === activation);
    const n = network.layers[affines[index]].b.length;
    const shown = Math.min(n, MAX_UNITS_SHOWN);
    const figure = document.getElementById("draw-layers").appendChild(document.createElement("figure"));
    const caption = figure.appendChild(document.createElement("figcaption"));
    const title = caption.appendChild(document.createElement("b"));
    title.textContent = `Layer ${(place < 0 ? affines[index] : place) + 1} (${activation}), ${n} units${shown < n ? `, the first ${shown} shown` : ""}`;
    const strongest = caption.appendChild(document.createElement("span"));
    if (index === 0) caption.appendChild(document.createElement("span")).textContent = LEGEND;
    const grid = figure.appendChild(document.createElement("div"));
    grid.className = "draw-units";
    // The caption says in words what the pictures show.
    grid.setAttribute("aria-hidden", "true");
    const units = Array.from({ length: shown }, (_, unit) => {
      const element = grid.appendChild(index === 0 ? weightsOf(network, affines[0], unit) : document.createElement("span"));
      element.classList.add("draw-unit");
      return element;
    });
    return { end, units, strongest };
  });
}

// What a unit of the first layer looks for: brown where ink excites it, blue where ink inhibits it, as in the weights' pictures.
function weightsOf(network, l, unit) {
  const { W, b } = network.layers[l];
  const n_inputs = W.length / b.length;
  // An encoding may have made other inputs of the pixels; then there is no picture.
  if (n_inputs !== network.side ** 2) return document.createElement("span");
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = network.side;
  const weights = Float64Array.from({ length: n_inputs }, (_, p) => W[p * b.length + unit]);
  const largest = weights.reduce((largest, weight) => Math.max(largest, Math.abs(weight)), 0) || 1;
  paintPixels(canvas, weights, (weight) => {
    const end = weight > 0 ? [127, 59, 8] : [5, 48, 150];
    return [...end.map((part) => 250 + Math.abs(weight / largest) * (part - 250)), 255];
  });
  return canvas;
}

function showHidden(values) {
  for (const { end, units, strongest } of show.layers) {
    const outputs = values?.[end];
    const sizes = outputs?.map(Math.abs);
    const largest = sizes ? Math.max(...sizes, 1e-30) : 1;
    units.forEach((element, unit) => {
      element.style.setProperty("--level", sizes ? (sizes[unit] / largest).toFixed(3) : 0);
      element.classList.toggle("is-negative", outputs ? outputs[unit] < 0 : false);
    });
    const named = sizes ? ranking(sizes).slice(0, 3).map((unit) => `${unit + 1} (${outputs[unit].toFixed(2)})`) : [];
    strongest.textContent = named.length > 0 ? `Strongest: units ${named.join(", ")}.` : "All at rest.";
  }
}

showExample();
read();
speak();
document.getElementById("draw-live").classList.add("is-live");

// For the curious, in the browser's console, and for the test of this page.
window.drawADigit = { network, picture, forward: (pixels) => forward(network, pixels), pictureOf };
