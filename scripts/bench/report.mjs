/**
 * Size of reports, and the milliseconds until Chromium has opened each: medians, from navigation to the load event.
 *
 *     lor2c report EXPERIMENT -o out.html && node scripts/bench/report.mjs out.html [FILE ...]
 */
import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const TIMES = 7;
const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);
if (executablePath === undefined) throw new Error("there is no Chromium to open reports with");

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
try {
  for (const file of process.argv.slice(2)) {
    /** @type {number[]} */
    const all = [];
    for (let i = 0; i < TIMES; i++) {
      const page = await browser.newPage();
      await page.goto(pathToFileURL(resolve(file)).href);
      all.push(Number(await page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")));
      await page.close();
    }
    const [median = 0] = all.toSorted((a, b) => a - b).slice(Math.floor(TIMES / 2));
    const range = `${Math.min(...all).toFixed(0)} to ${Math.max(...all).toFixed(0)}`;
    process.stdout.write(`${(statSync(file).size / 1e6).toFixed(2)} MB, ${median.toFixed(0)} ms (${range})  ${file}\n`);
  }
} finally {
  await browser.close();
}
