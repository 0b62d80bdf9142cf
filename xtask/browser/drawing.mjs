// The drawing field: it agrees with Rust on real digits, and reads what is drawn with mouse, finger, pen and keyboard.

import { readFileSync } from "node:fs";
import { SIZES, check, group, openPage } from "./browser.mjs";

// Strokes in a field of 1 × 1: a 1 is a line that leans a little, a 0 an oval.
const ONE = [[0.54, 0.16], [0.5, 0.5], [0.46, 0.84]];
const ZERO = Array.from({ length: 41 }, (_, i) => {
  const angle = (2 * Math.PI * i) / 40 - Math.PI / 2;
  return [0.5 + 0.24 * Math.cos(angle), 0.5 + 0.34 * Math.sin(angle)];
});

// Shapes that were misread once, as several strokes.
const SLASHED_ZERO = [ZERO, [[0.33, 0.74], [0.67, 0.26]]];
const SERIF_ONE = [[[0.38, 0.32], [0.52, 0.16], [0.52, 0.84]], [[0.36, 0.84], [0.68, 0.84]]];
const small = (strokes) => strokes.map((stroke) => stroke.map(([x, y]) => [0.3 + 0.25 * x, 0.4 + 0.25 * y]));

// --- Agreement with Rust ---

export async function checkAgreement(browser, network, digits, n_pixels, tolerance) {
  const { page, context, complaints, foreign } = await openPage(browser, network.page);
  await group(network.name, async () => {
    const found = await probabilitiesOf(page, digits, n_pixels);
    const file = readFileSync(network.probabilities);
    const expected = Array.from({ length: file.length / 4 }, (_, i) => file.readFloatLE(4 * i));
    const differences = expected.map((value, i) => Math.abs(value - found[i]));
    // A NaN is not below the tolerance.
    const agrees = found.length === expected.length && differences.every((difference) => difference <= tolerance);
    const largest = Math.max(...differences).toExponential(1);
    check(`${network.name}: agrees with Rust`, agrees, `${digits.length / n_pixels} digits, at most ${largest}`);
  });
  checkQuiet(network.name, complaints, foreign);
  await context.close();
}

// The page is handed the digits' bytes and gives back every probability.
export function probabilitiesOf(page, digits, n_pixels) {
  const inPage = ({ text, n_pixels }) => {
    const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    const all = [];
    for (let from = 0; from < bytes.length; from += n_pixels) {
      all.push(...window.drawADigit.forward(bytes.subarray(from, from + n_pixels)).y);
    }
    return all;
  };
  return page.evaluate(inPage, { text: digits.toString("base64"), n_pixels });
}

export function checkQuiet(name, complaints, foreign) {
  check(`${name}: the console is empty`, complaints.length === 0, complaints.slice(0, 3).join("; "));
  check(`${name}: nothing is requested`, foreign().length === 0, foreign().slice(0, 3).join("; "));
}

// --- From a drawing to a picture ---

// Squares of ink whose picture is worked out by hand.
async function checkPictures(page) {
  // The pixels of the picture that have ink, as first and last column and row, and the largest and smallest ink there.
  const boundsOf = (rectangle) =>
    page.evaluate(({ left, top, width, height }) => {
      const ink = new Uint8Array(280 * 280);
      for (let y = top; y < top + height; y++) ink.fill(255, 280 * y + left, 280 * y + left + width);
      const picture = window.drawADigit.pictureOf(ink, 280, 280, 28);
      const places = [...picture.keys()].filter((i) => picture[i] > 0);
      const [columns, rows] = [places.map((i) => i % 28), places.map((i) => Math.floor(i / 28))];
      const inks = places.map((i) => picture[i]);
      return [columns, rows, inks].flatMap((values) => [Math.min(...values), Math.max(...values)]).join(" ");
    }, rectangle);
  const expect = async (what, rectangle, expected) => {
    const found = await boundsOf(rectangle);
    check(`picture: ${what}`, found === expected, `${found}, expected ${expected}`);
  };
  // 100×200 become 10×20. Their centre is at pixel 4.5, 9.5: moved by 9.5 and 4.5, rounded up, to columns 10…19, rows 5…24.
  await expect("a large rectangle", { left: 3, top: 70, width: 100, height: 200 }, "10 19 5 24 255 255");
  await expect("the same elsewhere", { left: 177, top: 10, width: 100, height: 200 }, "10 19 5 24 255 255");
  await expect("the same, small", { left: 40, top: 50, width: 5, height: 10 }, "10 19 5 24 255 255");
  // 7×40 become 3.5×20: columns 1, 1, 1 and ½, whose centre is (0 + 1 + 2 + 3/2)/3.5 = 1.29. 14 − 1.29 is rounded to 13; ½·255 to 128.
  await expect("greys at an edge", { left: 100, top: 100, width: 7, height: 40 }, "13 16 5 24 128 255");
}

// --- What is drawn is read ---

async function placesOf(page, points) {
  await page.locator("#draw-field").scrollIntoViewIfNeeded();
  const box = await page.locator("#draw-field").boundingBox();
  return points.map(([x, y]) => ({ x: box.x + x * box.width, y: box.y + y * box.height }));
}

async function drawByMouse(page, points) {
  const [first, ...others] = await placesOf(page, points);
  await page.mouse.move(first.x, first.y);
  await page.mouse.down();
  for (const { x, y } of others) await page.mouse.move(x, y, { steps: 4 });
  await page.mouse.up();
}

async function drawByPen(page, points) {
  const session = await page.context().newCDPSession(page);
  const send = (type, { x, y }, buttons) =>
    session.send("Input.dispatchMouseEvent", { type, x, y, button: "left", buttons, clickCount: 1, pointerType: "pen" });
  const places = await placesOf(page, points);
  await send("mousePressed", places[0], 1);
  for (const place of places) await send("mouseMoved", place, 1);
  await send("mouseReleased", places.at(-1), 0);
}

async function drawByTouch(page, points) {
  await touch(page, await placesOf(page, points));
}

async function touch(page, places) {
  const session = await page.context().newCDPSession(page);
  const send = (type, touchPoints) => session.send("Input.dispatchTouchEvent", { type, touchPoints });
  await send("touchStart", [places[0]]);
  for (const place of places) await send("touchMove", [place]);
  await send("touchEnd", []);
}

async function checkRead(page, name, digit) {
  const said = await page.locator("#draw-spoken").textContent();
  check(`${name}: a ${digit} is read as such, and said`, said.includes(`The network reads: ${digit} (`), said);
  const best = await page.locator("#draw-bars .is-best b").textContent();
  check(`${name}: the longest bar is that of ${digit}`, best === digit, best);
}

async function clear(page, name) {
  await page.locator("#draw-clear").click();
  const said = await page.locator("#draw-spoken").textContent();
  const ink = await page.evaluate(() => window.drawADigit.picture().some((pixel) => pixel > 0));
  check(`${name}: the button clears the field`, !ink && said === "Nothing is drawn.", said);
}

async function checkStrokes(page, name, draw) {
  await draw(page, ONE);
  await checkRead(page, name, "1");
  await clear(page, name);
  await draw(page, ZERO);
  await checkRead(page, name, "0");
}

// Hidden units light up, and the caption says which.
async function checkHiddenUnits(page) {
  const levels = () =>
    page.locator(".draw-unit").evaluateAll((units) => units.map((unit) => Number(unit.style.getPropertyValue("--level"))));
  const lit = await levels();
  check("hidden units light up", lit.length > 0 && Math.max(...lit) === 1, `${lit.filter((level) => level > 0.5).length} of ${lit.length} above a half`);
  const caption = await page.locator("#draw-layers figcaption").first().textContent();
  check("their caption names the strongest", /Strongest: units \d+ \(/.test(caption), caption);
  await clear(page, "hidden units");
  check("they rest when nothing is drawn", (await levels()).every((level) => level === 0));
}

async function checkKeyboard(page) {
  const isFocused = (id) => page.evaluate((id) => document.activeElement?.id === id, id);
  await page.evaluate(() => document.activeElement?.blur());
  for (let i = 0; i < 300 && !(await isFocused("draw-field")); i++) await page.keyboard.press("Tab");
  check("keyboard: Tab reaches the field", await isFocused("draw-field"));
  const press = async (key, times = 1) => {
    for (let i = 0; i < times; i++) await page.keyboard.press(key);
  };
  await press("ArrowUp", 9);
  await press(" ");
  const down = await page.locator("#draw-spoken").textContent();
  check("keyboard: the pen being down is said", down === "The pen is down.", down);
  await press("ArrowDown", 18);
  await press(" ");
  await checkRead(page, "keyboard", "1");
  await press("Tab");
  check("keyboard: Tab goes on to the button", await isFocused("draw-clear"));
  await press("Enter");
  const said = await page.locator("#draw-spoken").textContent();
  check("keyboard: Enter clears the field", said === "Nothing is drawn.", said);
}

// A finger that moves up scrolls the page, but not in the field.
async function checkScrolling(page) {
  const scrolledBy = async (places) => {
    const scrolled = () => page.evaluate(() => scrollY);
    const before = await scrolled();
    await touch(page, places);
    await page.waitForTimeout(200);
    return (await scrolled()) - before;
  };
  const inField = await scrolledBy((await placesOf(page, ONE)).reverse());
  check("touch: drawing does not scroll the page", inField === 0, `by ${inField} px`);
  const title = await page.locator("#draw-title").boundingBox();
  const elsewhere = await scrolledBy([90, 60, 30, 10].map((y) => ({ x: title.x + 20, y: title.y + y })));
  check("touch: elsewhere a finger scrolls", elsewhere > 0, `by ${elsewhere} px`);
}

// A drawing's size changes nothing, the width of its lines included; `names` are those of 0 and 1.
export async function checkShapes(browser, path, name, names, shapes) {
  const { page, context } = await openPage(browser, path);
  const seen = async (strokes) => {
    await page.locator("#draw-clear").click();
    for (const stroke of strokes) await drawByMouse(page, stroke);
    return page.evaluate(() => [...window.drawADigit.picture()]);
  };
  await group(name, async () => {
    for (const [what, strokes, digit] of shapes) {
      const large = await seen(strokes);
      await checkRead(page, `${name}, ${what}`, names[digit]);
      const little = await seen(small(strokes));
      await checkRead(page, `${name}, ${what} at a quarter of the size`, names[digit]);
      // A pointer's places are whole pixels: four of the large one to one of the small.
      const difference = large.reduce((sum, value, i) => sum + Math.abs(value - little[i]), 0) / large.reduce((a, b) => a + b);
      check(`${name}, ${what}: the network sees the same in both sizes`, difference < 0.15, `${(100 * difference).toFixed(1)} % of the ink`);
    }
  });
  await context.close();
}

export const ONES = [["a serif one", SERIF_ONE, 1]];
export const BOTH = [...ONES, ["a slashed zero", SLASHED_ZERO, 0]];

export async function checkDrawing(browser, path) {
  const desk = await openPage(browser, path);
  await group("picture", () => checkPictures(desk.page));
  await group("mouse", () => checkStrokes(desk.page, "mouse", drawByMouse));
  await group("hidden units", () => checkHiddenUnits(desk.page));
  await group("pen", () => checkStrokes(desk.page, "pen", drawByPen));
  await clear(desk.page, "pen");
  await group("keyboard", () => checkKeyboard(desk.page));
  checkQuiet("drawing at a desk", desk.complaints, desk.foreign);
  await desk.context.close();

  const phone = await openPage(browser, path, { size: SIZES[0], touch: true });
  await group("touch", () => checkStrokes(phone.page, "touch", drawByTouch));
  await group("touch", () => checkScrolling(phone.page));
  checkQuiet("drawing on a phone", phone.complaints, phone.foreign);
  await phone.context.close();
}

// For pictures of the page: a digit in the field.
export async function drawZero(page) {
  await drawByMouse(page, ZERO);
}
