import type { ScreenData } from "../data.js";

/** Whether all parts are the same objects. */
export const isSame = (a: ScreenData, b: ScreenData): boolean =>
  (Object.keys(b) as (keyof ScreenData)[]).every((key) => a[key] === b[key]);
