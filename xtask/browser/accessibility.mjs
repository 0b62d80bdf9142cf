// What axe-core finds: names and roles, contrast of colours, order of headings, and so on.

import axe from "axe-core";
import { check } from "./browser.mjs";

export async function violationsOf(page) {
  await page.evaluate(axe.source);
  return page.evaluate(() => window.axe.run(document));
}

export async function checkAccessibility(page, name) {
  const { violations, passes } = await violationsOf(page);
  const found = violations.map((violation) => {
    const places = violation.nodes.slice(0, 3).map((node) => node.target.join(" "));
    const more = violation.nodes.length > 3 ? ` and ${violation.nodes.length - 3} more` : "";
    return `${violation.id}: ${violation.help} (${places.join(", ")}${more})`;
  });
  const detail = found.length > 0 ? found.join("; ") : `${passes.length} rules`;
  check(`${name}: axe-core finds nothing`, found.length === 0, detail);
}
