/** The stored predictions of a run for its evaluation rows: the worker's file, read with as much care as any other. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { z } from "zod";
import { isMissing, Lor2cError, UsageError } from "../errors.js";
import { getArtifacts } from "./read-attempts.js";
import type { RunRow } from "./rows.js";
import type { Store } from "./store.js";

const Meta = z.object({
  version: z.literal(1),
  kind: z.enum(["classify", "regress", "multi_label"]),
  label_names: z.array(z.string()),
  score: z.string(),
  epoch: z.number(),
  data: z.string(),
  parts: z.array(z.string()),
});

const Header = z.record(
  z.string(),
  z.object({ dtype: z.string(), shape: z.array(z.number()), data_offsets: z.tuple([z.number(), z.number()]) }),
);

/** What the adapter said of each of the N evaluation rows, in the order in which they are used. */
export interface Predictions extends z.infer<typeof Meta> {
  rows: number;
  /** [N]: the row's index from 0. */
  row: Int32Array;
  /** [N] classes or values; [N * C] zeros and ones for lists of labels. */
  labels: Float64Array;
  /** [N * C], row by row: logits, or the value of a regression. */
  scores: Float32Array;
  /** C. */
  columns: number;
  /** [N]: index of the row's part in `parts`; null if the task has no parts. */
  part: Uint8Array | null;
}

/** Throws UsageError if the run has none, Lor2cError if the file is gone or damaged. */
export function loadPredictions(store: Store, run: RunRow): Predictions {
  const stored =
    run.attempt_id === null
      ? undefined
      : getArtifacts(store, run.attempt_id).find(({ kind }) => kind === "predictions");
  if (!stored) {
    throw new UsageError("NO_PREDICTIONS", `run ${run.id} (${run.label}) has no stored predictions`, noneBecause(run));
  }
  const content = read(stored.path);
  if (content.length !== stored.bytes || createHash("sha256").update(content).digest("hex") !== stored.sha256) {
    throw damaged(stored.path, `it has ${content.length} bytes that are not the ${stored.bytes} that the run wrote`);
  }
  return parsePredictions(content, stored.path);
}

function noneBecause({ id, state, head_parameters }: RunRow): string {
  // only language models have no head of their own, whatever their score is
  if (head_parameters === 0) return `a language model labels no rows; lor2c show ${id} samples has what it answered`;
  if (state !== "finished") return `it is ${state}; finished runs have them`;
  return "its score is not a finite number, or it is from before predictions were kept; lor2c run --force trains it again";
}

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw damaged(path, isMissing(error) ? "it is gone" : (error as Error).message);
  }
}

function damaged(path: string, why: string): Lor2cError {
  return new Lor2cError(
    "PREDICTIONS_DAMAGED",
    `the stored predictions ${path} cannot be read: ${why}`,
    "lor2c run with --force trains the run again",
  );
}

/** Reads a safetensors file: 8 bytes with the length of the header, the header as JSON, and the tensors. */
export function parsePredictions(content: Buffer, path: string): Predictions {
  try {
    const length = Number(content.readBigUInt64LE(0));
    const { __metadata__: meta, ...tensors } = JSON.parse(content.subarray(8, 8 + length).toString("utf8"));
    const info = Meta.parse(JSON.parse(meta.lor2c));
    const bodies = new Map(
      Object.entries(Header.parse(tensors)).map(
        ([
          name,
          {
            dtype,
            shape,
            data_offsets: [from, to],
          },
        ]) => {
          const bytes = content.subarray(8 + length + from, 8 + length + to);
          if (bytes.length !== to - from) throw new Error(`the tensor ${name} is cut`);
          return [name, { dtype, shape, values: numbers(bytes, dtype, shape, name) }] as const;
        },
      ),
    );
    const row = tensorOf(bodies, "row", "I32");
    const scores = tensorOf(bodies, "scores", "F32");
    const [rows = 0, columns = 0] = scores.shape;
    const label = tensorOf(bodies, "label", { classify: "I64", regress: "F32", multi_label: "U8" }[info.kind]);
    const part = bodies.get("part");
    const width = info.kind === "multi_label" ? columns : 1;
    const whole =
      row.values.length === rows && label.values.length === rows * width && (part?.values.length ?? rows) === rows;
    if (!whole || columns !== (info.label_names.length || 1)) throw new Error("its tensors do not fit together");
    return {
      ...info,
      rows,
      columns,
      row: row.values as Int32Array,
      labels: Float64Array.from(label.values as ArrayLike<number | bigint>, Number),
      scores: scores.values as Float32Array,
      part: (part?.values as Uint8Array | undefined) ?? null,
    };
  } catch (error) {
    throw damaged(path, error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error));
  }
}

type Tensor = { dtype: string; shape: number[]; values: ArrayLike<number> | BigInt64Array };

function tensorOf(bodies: ReadonlyMap<string, Tensor>, name: string, dtype: string): Tensor {
  const found = bodies.get(name);
  if (found?.dtype !== dtype) throw new Error(`it has no tensor ${name} of type ${dtype}`);
  return found;
}

const TYPES = { I32: Int32Array, I64: BigInt64Array, F32: Float32Array, U8: Uint8Array } as const;

function numbers(bytes: Buffer, dtype: string, shape: readonly number[], name: string) {
  const type = TYPES[dtype as keyof typeof TYPES];
  const count = shape.reduce((product, size) => product * size, 1);
  if (!type || count * type.BYTES_PER_ELEMENT !== bytes.length) throw new Error(`the tensor ${name} has another size`);
  // Copied, since a typed array begins at a multiple of its size.
  const own = Uint8Array.from(bytes);
  return new type(own.buffer, 0, count);
}
