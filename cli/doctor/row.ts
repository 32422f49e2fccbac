/** One line of `lor2c doctor`. */
export interface Row {
  name: string;
  /** `fail`: a run would fail. `warn`: a run works, but the user should look. */
  state: "ok" | "warn" | "fail";
  value: string;
  /** What the user can do about it. */
  advice?: string;
}

export const ok = (name: string, value: string): Row => ({ name, state: "ok", value });
export const warn = (name: string, value: string, advice: string): Row => ({ name, state: "warn", value, advice });
export const fail = (name: string, value: string, advice: string): Row => ({ name, state: "fail", value, advice });
