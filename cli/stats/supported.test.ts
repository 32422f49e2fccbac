import { expect, test } from "vitest";
import { supported } from "./supported.js";

test("decimals that the error leaves open are not written", () => {
  expect(supported("0.6284", null)).toBe("0.6284");
  expect(supported("0.6284", 0)).toBe("0.6284");
  expect(supported("0.6284", 0.00004)).toBe("0.6284");
  expect(supported("0.6284", 0.0003)).toBe("0.628");
  expect(supported("62.84", 0.03)).toBe("62.8");
  expect(supported("0.6284", 2)).toBe("1");
  expect(supported("1.2e-7", 1)).toBe("1.2e-7");
});
