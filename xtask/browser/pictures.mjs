// The browser's side of `cargo xtask pictures`: the top of a report, with a digit drawn, light and dark.
// Its argument is a file: `{"chromium","page","folder"}`.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { openPage, startBrowser, THEMES } from "./browser.mjs";
import { drawZero } from "./drawing.mjs";

const job = JSON.parse(readFileSync(process.argv[2], "utf8"));
const browser = await startBrowser(job.chromium);
for (const theme of THEMES) {
  const { page, context } = await openPage(browser, job.page, { theme, size: { width: 1100, height: 1720 } });
  await drawZero(page);
  await page.evaluate(() => scrollTo(0, 0));
  const picture = join(job.folder, `report-${theme}.png`);
  await page.screenshot({ path: picture, animations: "disabled" });
  console.log(JSON.stringify({ picture }));
  await context.close();
}
await browser.close();
