// The browser's side of `cargo xtask browser-test`. Its argument is a file that says what there is to test:
// `{"chromium","pages":[{"name","page"}],"networks":[{"name","page","probabilities"}],"digits","n_pixels","tolerance","screenshots"}`.

import { readFileSync } from "node:fs";
import { group, startBrowser } from "./browser.mjs";
import { checkAccessibility } from "./accessibility.mjs";
import { checkControls } from "./controls.mjs";
import { BOTH, ONES, checkAgreement, checkDrawing, checkQuiet, checkShapes, drawZero } from "./drawing.mjs";
import { checkLayout, inEveryLook, onPaper, saveScreenshot } from "./layout.mjs";
import { checkReader } from "./reader.mjs";

const job = JSON.parse(readFileSync(process.argv[2], "utf8"));
const browser = await startBrowser(job.chromium);
console.log(JSON.stringify({ browser: browser.version() }));
const digits = readFileSync(job.digits);
for (const network of job.networks) {
  await checkAgreement(browser, network, digits, job.n_pixels, job.tolerance);
}
await checkControls(browser, job.networks[0], digits, job.n_pixels, job.tolerance);
await group("drawing", () => checkDrawing(browser, job.pages[0].page));
const [report, , named] = job.pages;
// The tutorial's network takes a slashed zero for an 8, which is its own error: others read the same picture as a 0.
await checkShapes(browser, report.page, report.name, ["0", "1"], ONES);
await checkShapes(browser, named.page, named.name, ["T-shirt/top", "Trouser"], BOTH);
for (const { name, page } of job.pages) {
  await inEveryLook(browser, page, (opened) => checkLook(`${name}-${opened.name}`, opened, name !== "compared"));
  await onPaper(browser, page, async (opened) => {
    await checkLayout(opened.page, `${name}-print`);
    await saveScreenshot(opened.page, job.screenshots, `${name}-print`);
  });
}
await browser.close();

async function checkLook(name, { page, complaints, foreign }, isOne) {
  await checkReader(page, name, { width: page.viewportSize().width, isDark: name.includes("-dark-"), isOne });
  await drawZero(page);
  // What is folded has to look well too.
  await page.evaluate(() => document.querySelectorAll("details.part").forEach((part) => (part.open = true)));
  await page.evaluate(() => scrollTo(0, 0));
  await checkLayout(page, name);
  await checkAccessibility(page, name);
  checkQuiet(name, complaints, foreign);
  await saveScreenshot(page, job.screenshots, name);
}
