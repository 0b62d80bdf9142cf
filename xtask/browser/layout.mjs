// How a page looks: pictures of it, and what a program can see of things cut, overlapping or too small.

import { join } from "node:path";
import { SIZES, THEMES, check, group, openPage } from "./browser.mjs";

// Opens the page in every size and theme and hands it to `look`, which may be given a name to save pictures under.
export async function inEveryLook(browser, path, look) {
  for (const size of SIZES) {
    for (const theme of THEMES) {
      const opened = await openPage(browser, path, { size, theme });
      const name = `${theme}-${size.name}`;
      await group(name, () => look({ ...opened, name }));
      await opened.context.close();
    }
  }
}

// As it is printed on A4 with margins of a centimetre, at 96 px to the inch.
export async function onPaper(browser, path, look) {
  const opened = await openPage(browser, path, { size: { width: 718, height: 1047 } });
  await opened.page.emulateMedia({ media: "print" });
  await group("print", () => look({ ...opened, name: "print" }));
  await opened.context.close();
}

// The whole page, or one element of it, as a PNG.
export async function screenshot(page, file, selector) {
  const options = { path: file, animations: "disabled" };
  if (selector) await page.locator(selector).first().screenshot(options);
  else await page.screenshot({ ...options, fullPage: true });
}

export async function saveScreenshot(page, folder, name) {
  if (folder) await screenshot(page, join(folder, `${name}.png`));
}

// What is wrong, in words, by its kind.
export function problemsOf(page) {
  return page.evaluate(problems);
}

export async function checkLayout(page, name) {
  const found = await problemsOf(page);
  check(`${name}: nothing is wider than the window`, found.tooWide.length === 0, found.tooWide.join("; "));
  check(`${name}: no text is cut`, found.cut.length === 0, found.cut.join("; "));
  check(`${name}: no texts of a picture overlap`, found.overlapping.length === 0, found.overlapping.join("; "));
  check(`${name}: no text is smaller than 9 px`, found.tooSmall.length === 0, found.tooSmall.join("; "));
}

// Runs in the page.
function problems() {
  const limit = 5;
  const named = (element) => {
    const text = element.textContent.trim().replace(/\s+/g, " ").slice(0, 30);
    return `${element.tagName.toLowerCase()}${element.id ? `#${element.id}` : ""} “${text}”`;
  };
  const isShown = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  // What is shown to screen readers alone is cut on purpose: it has one pixel.
  const isHiddenText = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const box = at.getBoundingClientRect();
      if (box.width <= 1 || box.height <= 1) return true;
    }
    return false;
  };
  const all = [...document.body.querySelectorAll("*")].filter((element) => isShown(element) && !isHiddenText(element));
  const ownText = (element) =>
    [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim() !== "");

  const tooWide = [];
  const root = document.scrollingElement;
  if (root.scrollWidth > innerWidth) {
    tooWide.push(`the page has ${root.scrollWidth} px in a window of ${innerWidth} px`);
    const outside = all.filter((element) => element.getBoundingClientRect().right > innerWidth + 1);
    tooWide.push(...outside.slice(0, limit).map(named));
  }

  const cut = [];
  for (const element of all) {
    const style = getComputedStyle(element);
    const hides = ["hidden", "clip"];
    if (hides.includes(style.overflowX) && element.scrollWidth > element.clientWidth + 1 && element.textContent.trim()) {
      cut.push(named(element));
    }
  }
  const overlapping = [];
  for (const svg of all.filter((element) => element.localName === "svg")) {
    const frame = svg.getBoundingClientRect();
    const texts = [...svg.querySelectorAll("text")].filter((text) => isShown(text) && text.textContent.trim());
    const boxes = texts.map((text) => ({ text, box: text.getBoundingClientRect() }));
    for (const { text, box } of boxes) {
      const isInside =
        box.left >= frame.left - 1 && box.right <= frame.right + 1 && box.top >= frame.top - 1 && box.bottom <= frame.bottom + 1;
      if (!isInside) cut.push(named(text));
    }
    boxes.forEach((a, i) => {
      for (const b of boxes.slice(i + 1)) {
        const width = Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left);
        const height = Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top);
        // The boxes of lines have air above and below the letters.
        if (width > 1 && height > 3) overlapping.push(`${named(a.text)} and ${named(b.text)}`);
      }
    });
  }

  // A font of a picture that is drawn smaller than it says is smaller than it says.
  const size = (element) => {
    const scale = element.ownerSVGElement ? element.getScreenCTM().a : 1;
    return parseFloat(getComputedStyle(element).fontSize) * scale;
  };
  const tooSmall = all.filter((element) => ownText(element) && element.localName !== "script" && size(element) < 9);
  // What scrolls on a screen would be lost on paper.
  if (matchMedia("print").matches) {
    const scrolls = all.filter((element) => element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0);
    const lost = scrolls.filter((element) => !element.closest("svg") && getComputedStyle(element).display !== "inline");
    tooWide.push(...lost.slice(0, limit).map(named));
  }
  return {
    tooWide,
    cut: cut.slice(0, limit),
    overlapping: overlapping.slice(0, limit),
    tooSmall: tooSmall.slice(0, limit).map((element) => `${named(element)} ${size(element).toFixed(1)} px`),
  };
}
