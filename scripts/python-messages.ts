import { readFileSync } from "node:fs";
import { z } from "zod";
import { PROTOCOL_VERSION, WorkerCommand, WorkerEvent } from "../cli/protocol/messages.js";
import { packageFile } from "../cli/spec/package-files.js";
import { DECODER, HEADER } from "./python-messages-text.js";

/** The part of JSON Schema that messages.ts uses. */
interface Schema {
  type?: string | string[];
  const?: string;
  enum?: string[];
  anyOf?: Schema[];
  items?: Schema;
  minItems?: number;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
}

/** messages.py: one frozen dataclass per message of messages.ts, and strict decoding. */
export function pythonMessages(): string {
  const docs = messageDocs();
  const classes: string[] = [];
  const union = (options: readonly z.ZodType[]): string[] =>
    options.map((option) => {
      const schema = z.toJSONSchema(option, { unrepresentable: "throw" }) as Schema;
      const name = className(schema.properties?.type?.const ?? "");
      classes.push(...dataclasses(name, schema, docs.get(name)));
      return name;
    });
  const commands = union(WorkerCommand.options);
  const events = union(WorkerEvent.options);
  return [
    HEADER,
    `PROTOCOL_VERSION = ${PROTOCOL_VERSION}\n`,
    ...classes,
    alias("Command", commands),
    alias("Event", events),
    table("COMMANDS", commands),
    table("EVENTS", events),
    DECODER,
  ].join("\n");
}

/** `module_scores` -> `ModuleScores`: the names of messages.ts. */
const className = (type: string): string => type.replace(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase());

/** The comment above each message, which becomes its docstring. */
function messageDocs(): Map<string, string> {
  const source = readFileSync(packageFile("cli", "protocol", "messages.ts"), "utf8");
  const found = source.matchAll(/\/\*\*((?:(?!\*\/).)*)\*\/\n(?:export )?const (\w+) = z\.strictObject/gs);
  return new Map([...found].map(([, text = "", name = ""]) => [name, text.replace(/\s*\n \*\s*/g, " ").trim()]));
}

/** The class of one object, after the classes of the objects inside it. */
function dataclasses(name: string, schema: Schema, doc = ""): string[] {
  const inner: string[] = [];
  const lines = Object.entries(schema.properties ?? {}).map(([key, value]) => {
    if (value.const !== undefined) return `    type: ClassVar[Literal["${value.const}"]] = "${value.const}"`;
    const type = pythonType(name + className(key), value, inner);
    return `    ${key}: ${type}${value.minItems ? ` = field(metadata={"min_items": ${value.minItems}})` : ""}`;
  });
  const body = doc ? [`    """${doc}"""`, "", ...lines] : lines;
  return [...inner, ["", "@dataclass(frozen=True)", `class ${name}:`, ...body, ""].join("\n")];
}

function pythonType(name: string, schema: Schema, inner: string[]): string {
  if (Array.isArray(schema.type)) return schema.type.map((type) => pythonType(name, { type }, inner)).join(" | ");
  if (schema.anyOf) {
    const types = schema.anyOf.map((option) => pythonType(name, option, inner));
    return [...new Set(types)].join(" | ");
  }
  if (schema.enum) return `Literal[${schema.enum.map((value) => `"${value}"`).join(", ")}]`;
  if (schema.type === "array") return `list[${pythonType(name.replace(/s$/, ""), schema.items ?? {}, inner)}]`;
  if (schema.type === "object" && schema.properties) {
    inner.push(...dataclasses(name, schema));
    return name;
  }
  if (schema.type === "object") return `dict[str, ${pythonType(name, valueSchema(schema), inner)}]`;
  const simple = SIMPLE[schema.type ?? ""];
  if (!simple) throw new Error(`${name}: no Python type for ${JSON.stringify(schema)}`);
  return simple;
}

const valueSchema = (schema: Schema): Schema =>
  typeof schema.additionalProperties === "object" ? schema.additionalProperties : {};

const SIMPLE: Record<string, string> = {
  "": "Any",
  string: "str",
  number: "float",
  integer: "int",
  boolean: "bool",
  null: "None",
};

function alias(name: string, members: string[]): string {
  const line = `${name}: TypeAlias = ${members.join(" | ")}`;
  return line.length <= 120 ? `\n${line}\n` : `${name}: TypeAlias = (\n    ${members.join("\n    | ")}\n)\n`;
}

const table = (name: string, members: string[]): string =>
  `${name}: dict[str, type[Any]] = {\n${members.map((m) => `    ${m}.type: ${m},`).join("\n")}\n}\n`;
