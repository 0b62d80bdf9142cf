// Whether the checks see what they are there for: a page that is spoilt on purpose has to be found out.

import { check, group, openPage } from "./browser.mjs";
import { violationsOf } from "./accessibility.mjs";
import { probabilitiesOf } from "./drawing.mjs";
import { problemsOf } from "./layout.mjs";

export async function checkControls(browser, network, digits, n_pixels, tolerance) {
  const { page, context, complaints, foreign } = await openPage(browser, network.page);
  await group("control", async () => {
    const before = await probabilitiesOf(page, digits, n_pixels);
    await page.evaluate(() => (window.drawADigit.network.layers[0].b[0] += 0.01));
    const after = await probabilitiesOf(page, digits, n_pixels);
    const largest = Math.max(...before.map((value, i) => Math.abs(value - after[i])));
    check("control: a bias that is off by 0.01 is noticed", largest > tolerance, `by ${largest.toExponential(1)}`);

    await page.evaluate(spoil);
    await page.waitForTimeout(100);
    check("control: a complaint is noticed", complaints.some((text) => text.includes("on purpose")));
    check("control: a request is noticed", foreign().length > 0, foreign().join(" "));
    const found = await problemsOf(page);
    for (const [kind, places] of Object.entries(found)) {
      check(`control: a spoilt layout is noticed (${kind})`, places.length > 0, places.join("; "));
    }
    const { violations } = await violationsOf(page);
    const names = violations.map((violation) => violation.id);
    check("control: grey on white is noticed", names.includes("color-contrast"), names.join(" "));
    check("control: a picture without a text is noticed", names.includes("image-alt"), names.join(" "));
  });
  await context.close();
}

// Runs in the page.
function spoil() {
  console.error("on purpose");
  document.querySelector("main").insertAdjacentHTML(
    "beforeend",
    `<img src="http://127.0.0.1:9/picture.png">
     <p style="color: #bbb; background: white">grey</p>
     <p style="font-size: 7px">small</p>
     <p style="min-width: 3000px">wide</p>
     <p style="width: 20px; overflow: hidden; white-space: nowrap">cutcutcutcutcut</p>
     <svg width="100" height="50"><text x="10" y="20">one</text><text x="12" y="22">two</text></svg>`,
  );
}
