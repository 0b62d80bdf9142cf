// A browser with a page in it, and what is watched while it is open.

import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

export const SIZES = [
  { name: "390", width: 390, height: 844 },
  { name: "1440", width: 1440, height: 900 },
];
export const THEMES = ["light", "dark"];

export function startBrowser(executablePath) {
  // Without it, images that were out of sight may be missing in the picture of a whole page.
  return chromium.launch({ executablePath, args: ["--disable-checker-imaging"] });
}

// Opens a file without a network, and notes every request and every complaint that the page causes.
export async function openPage(browser, path, { size = SIZES[1], theme = "light", touch = false } = {}) {
  const context = await browser.newContext({
    viewport: { width: size.width, height: size.height },
    colorScheme: theme,
    reducedMotion: "reduce",
    hasTouch: touch,
    isMobile: touch,
    offline: true,
  });
  const page = await context.newPage();
  // Nothing has to be loaded, so that what is not there after a while never will be, even on a slow machine.
  page.setDefaultTimeout(20000);
  const [requests, complaints] = [[], []];
  page.on("request", (request) => requests.push(request.url()));
  page.on("websocket", (socket) => requests.push(socket.url()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  const url = pathToFileURL(path).href;
  await page.goto(url);
  // The page's own file is the one request there is.
  const foreign = () => requests.filter((request) => request !== url);
  return { page, context, complaints, foreign };
}


// One line of JSON for each check: the command that called prints and counts them.
export function check(name, passed, detail = "") {
  console.log(JSON.stringify({ check: name, passed: passed === true, detail: String(detail) }));
}

// A check that throws, say because an element is not there, has failed; those behind it still run.
export async function group(name, run) {
  try {
    await run();
  } catch (error) {
    check(name, false, String(error?.message ?? error).split("\n").slice(0, 3).join(" "));
  }
}
