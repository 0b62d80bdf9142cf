// What readers of a page have stumbled over, each as a check. The page is as it opened: nothing drawn, details folded.

import { check } from "./browser.mjs";

// A page of one run; a comparison is longer by its runs.
const LONGEST = { 390: 6700, 1440: 3700 };

// So much is seen at once on a small phone.
const SMALL_PHONE = 667;

export async function checkReader(page, name, { width, isDark, isOne }) {
  const found = await page.evaluate(look);
  check(`${name}: the field opens with a digit that is read`, found.hasInk && found.hasBest && found.said.startsWith("A sample of the test set."), found.said);
  check(`${name}: the bars begin on a line`, found.starts <= (width < 600 ? 2 : 1), `${found.starts} places`);
  if (width < 600) check(`${name}: field and outputs are seen at once`, found.reach <= SMALL_PHONE, `${found.reach} px`);
  if (isOne) check(`${name}: the page is not long`, found.height <= LONGEST[width], `${found.height} px`);
  check(`${name}: no number stands apart from its %`, found.apart.length === 0, found.apart.join("; "));
  check(`${name}: rows are of one height, with 100.0 % too`, found.uneven.length === 0, found.uneven.join("; "));
  check(`${name}: what never changes has no chart`, found.flat.length === 0 && found.lines > 0, found.flat.join("; "));
  if (isOne) check(`${name}: a layer has one name`, found.layers.length === 0, found.layers.join("; "));
  check(`${name}: titles promise no digits and no runs`, found.titles.every((title) => !/digit|^Run:/i.test(title)), found.titles.join("; "));
  check(`${name}: the legend of the weights is one line`, found.key.every((height) => height === 1), found.key.join(" "));
  check(`${name}: weights have one pair of colours`, found.pair === "5,48,150 127,59,8" && found.isPairOfUnits, found.pair);
  // What the eye gets, filters included.
  const brightness = [];
  for (const selector of ["img.diverging", "canvas.draw-unit"]) {
    const shot = await page.locator(selector).nth(3).screenshot();
    brightness.push(await page.evaluate(brightnessOf, shot.toString("base64")));
  }
  check(`${name}: tiles are as dark as the page`, brightness.every((mean) => (isDark ? mean < 110 : mean > 140)), brightness.map(Math.round).join(" "));
}

// Runs in the page.
async function look() {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const box = (element) => element.getBoundingClientRect();
  const field = document.getElementById("draw-field");
  const height = document.documentElement.scrollHeight;
  all("details.part").forEach((part) => (part.open = true));
  const values = all("td, dd, #draw-bars li");
  const apart = values.map((value) => value.textContent).filter((text) => /\d[ \n]%/.test(text));
  const uneven = [];
  for (const table of all("table:not(.settings)")) {
    const rows = all("tbody tr", table);
    const heights = () => new Set(rows.map((row) => Math.round(box(row).height)));
    const percents = all("td", table).filter((cell) => cell.textContent.endsWith("\u00a0%"));
    const texts = percents.map((cell) => cell.textContent);
    percents.forEach((cell) => (cell.textContent = "100.0\u00a0%"));
    if (heights().size > 1) uneven.push(`${table.textContent.trim().slice(0, 30)}: ${[...heights()].join(" ")}`);
    percents.forEach((cell, i) => (cell.textContent = texts[i]));
  }
  const captions = all("figcaption").map((caption) => caption.textContent);
  const text = document.body.innerText;
  const names = new Map();
  for (const [, layer, kind] of text.matchAll(/\blayer (\d+) \(([a-z-]+)\)/gi)) names.set(layer, (names.get(layer) ?? new Set()).add(kind));
  const layers = [...names].filter(([, kinds]) => kinds.size > 1).map(([layer, kinds]) => `${layer}: ${[...kinds]}`);
  const key = document.querySelector(".key img");
  await key.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width: key.naturalWidth, height: 1 }).getContext("2d", { willReadFrequently: true });
  canvas.drawImage(key, 0, 0);
  const pair = [0, key.naturalWidth - 1].map((x) => [...canvas.getImageData(x, 0, 1, 1).data.slice(0, 3)].join()).join(" ");
  const colours = (unit) => {
    const { data } = unit.getContext("2d").getImageData(0, 0, unit.width, unit.height);
    return Array.from({ length: data.length / 4 }, (_, i) => [...data.slice(4 * i, 4 * i + 3)].join());
  };
  return {
    hasInk: field.getContext("2d").getImageData(0, 0, field.width, field.height).data.some((value) => value > 0),
    hasBest: all("#draw-bars .is-best").length === 1,
    said: document.getElementById("draw-spoken").textContent,
    starts: new Set(all(".draw-track").map((track) => Math.round(box(track).left))).size,
    reach: Math.round(box(document.getElementById("draw-bars")).bottom - box(field).top),
    height,
    apart,
    uneven,
    flat: captions.filter((caption) => /^(Dead units|Saturated units|Learning rate)$/.test(caption)),
    lines: all("p").filter((line) => line.textContent.includes(" at all times, ")).length,
    layers: /layer\d/.test(text) ? [...layers, "layer without a space"] : layers,
    titles: all("h1, h2, h3, nav a").map((title) => title.textContent),
    // How many lines there are.
    key: all(".key").map((key) => new Set([...key.children].map((part) => Math.round((box(part).top + box(part).bottom) / 10))).size),
    pair,
    isPairOfUnits: all("canvas.draw-unit").every((unit) => colours(unit).some((colour) => pair.split(" ").includes(colour))),
  };
}

// Runs in the page: the mean of a picture's red, green and blue.
async function brightnessOf(picture) {
  const image = new Image();
  image.src = `data:image/png;base64,${picture}`;
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width: image.width, height: image.height }).getContext("2d");
  canvas.drawImage(image, 0, 0);
  const { data } = canvas.getImageData(0, 0, image.width, image.height);
  const parts = data.filter((_, i) => i % 4 < 3);
  return parts.reduce((sum, part) => sum + part, 0) / parts.length;
}
