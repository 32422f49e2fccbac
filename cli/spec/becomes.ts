/** Names of methods that stand for another method over a backbone that is held in another way. Pure. */
import type { Catalog, Method } from "./catalog.js";
import type { Issue } from "./issues.js";
import { isMapping, type Mapping } from "./merge.js";

interface Name {
  name: string;
  /** The method that it becomes, and what `model.quantization` has to be. */
  method: string;
  quantization: string;
  summary: string;
  source: string;
}

const NAMES: readonly Name[] = [
  {
    name: "qlora",
    method: "lora",
    quantization: "nf4",
    summary: "Another name for method lora with model.quantization nf4: LoRA over a backbone in 4 bits",
    source: "Dettmers et al. 2023, arXiv 2305.14314",
  },
];

/** Every method that a spec can name: those of the catalog, and names that stand for one of them. */
export function nameableMethods({ methods }: Catalog): Method[] {
  const named = NAMES.flatMap(({ name, method, summary, source }): Method[] => {
    const meant = methods.find((one) => one.name === method);
    return meant ? [{ ...meant, name, summary, source }] : [];
  });
  return [...methods, ...named];
}

/** Every name as `explain` lists it: `qlora (lora with model.quantization nf4)`. */
export function nameTexts(catalog: Catalog): string[] {
  return nameableMethods(catalog).map(({ name }) => {
    const known = NAMES.find((one) => one.name === name);
    return known ? `${name} (${known.method} with model.quantization ${known.quantization})` : name;
  });
}

/** What a cell's document means, with the name as it was written where that stands for another method. */
export function meaningOf(document: Mapping): { document: Mapping; written?: string; issues: Issue[] } {
  const { model, method } = document;
  const known = isMapping(method) ? NAMES.find(({ name }) => name === method.name) : undefined;
  if (!known || !isMapping(method)) return { document, issues: [] };
  const { double_quantisation: double, ...parameters } = method;
  const issues = double === undefined || double === true ? [] : [notDouble(known, double)];
  const meant: Mapping = { ...document, method: { ...parameters, name: known.method } };
  if (isMapping(model)) {
    const { quantization = known.quantization } = model;
    if (OTHERS.has(quantization) && quantization !== known.quantization)
      issues.push(contradiction(known, quantization));
    meant.model = { ...model, quantization };
  }
  return { document: meant, written: known.name, issues };
}

/** The schema refuses any other value. */
const OTHERS: ReadonlySet<unknown> = new Set(["none", "int8", "nf4"]);

const contradiction = (known: Name, quantization: unknown): Issue => ({
  path: ["model", "quantization"],
  message: `is ${quantization}, but method ${known.name} is ${known.method} over ${known.quantization}`,
  hint: `leave it out, or for ${quantization} write method: ${known.method}`,
  want: "value",
});

/** The parameter of earlier versions. */
const notDouble = ({ name, method, quantization }: Name, value: unknown): Issue => ({
  path: ["method", "double_quantisation"],
  message: `is ${JSON.stringify(value)}, but ${quantization} always quantises the scales of its blocks too`,
  hint: `leave it out: ${name} is ${method} with model.quantization ${quantization}`,
  want: "value",
});
