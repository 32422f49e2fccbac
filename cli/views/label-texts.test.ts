import stringWidth from "string-width";
import { expect, test } from "vitest";
import { labelsText } from "./label-texts.js";

test("names in the order of the outputs; many, long and wide ones fit into 80 columns", () => {
  expect(labelsText(["bad", "neutral", "good"])).toBe("labels: 3 (bad, neutral, good)");
  const many = labelsText(Array.from({ length: 1000 }, (_, i) => `intent ${i}`));
  expect(many).toMatch(/^labels: 1,000 \(intent 0, .*, \.\.\. 99\d more\)$/);
  for (const text of [
    many,
    labelsText(Array(5).fill("x".repeat(200))),
    labelsText(Array(50).fill("\u6620".repeat(30))),
  ]) {
    expect(stringWidth(text)).toBeLessThanOrEqual(80);
  }
  expect(labelsText(["a\nb", "\u001b[31m"])).toBe("labels: 2 (a b, \\u001b[31m)");
});
