import { describe, expect, test } from "vitest";
import { KEEPS_ALL } from "../../spec/keep-schema.js";
import { DEVICE } from "../fixtures/planned.js";
import { shareOut } from "../share-out.js";
import { diskOf } from "./disk.js";
import { type Changes, minilm, training } from "./fixtures/minilm.js";
import { forecastJob } from "./forecast.js";
import { memoryOf } from "./memory.js";
import type { Range } from "./range.js";
import type { Keeping } from "./stays.js";

const GPU = { ...DEVICE, name: "cuda:0", description: "a GPU", memory: 80e9 };
const forecast = (runs: Changes[], stored = [training()], { slots = 1, device = DEVICE } = {}) => {
  const cells = runs.map((run, i) => minilm({ id: String(i).padStart(16, "0"), ...run }));
  return forecastJob(shareOut(cells, slots), { slots, device, stored });
};
const seeds = (count: number): Changes[] =>
  Array.from({ length: count }, (_, i) => ({ train: { batch_size: 32 + i } }));
const isRange = ({ low, likely, high }: Range) => low > 0 && low < likely && likely < high;

describe("time", () => {
  test("equal settings take what stored runs took", () => {
    const { seconds, secondsBasis, runs } = forecast([{}]);
    expect(secondsBasis).toEqual({ kind: "alike", trainings: 1 });
    expect(seconds.likely).toBeCloseTo(21, 0); // from claim to end, as it is stored
    expect(runs[0]?.seconds.likely).toBeCloseTo(15, 0); // its `total_seconds`: 10 of steps, 5 of others
    expect(isRange(seconds)).toBe(true);
  });
  test("twice the epochs take twice the steps, on a third of the rows a third", () => {
    const steps = (run: Changes) => forecast([run], [training({ evaluate_seconds: 0, other_seconds: 0 })]);
    const short = steps({}).runs[0]?.seconds.likely ?? 0;
    const long = steps({ train: { num_train_epochs: 4 } }).runs[0]?.seconds.likely ?? 0;
    expect(long - short).toBeCloseTo(10);
    const fewer = steps({ rows: 128 }).runs[0]?.seconds.likely ?? 0;
    expect(short - fewer).toBeCloseTo(5);
  });
  test("many trainings give a narrower range than one, and it includes the measured values", () => {
    const many = [9, 10, 10, 11].map((train_seconds) => training({ train_seconds }));
    const [one, four] = [forecast([{}]).runs[0], forecast([{}], many).runs[0]];
    expect(four?.secondsBasis.trainings).toBe(4);
    const width = (range: Range) => range.high / range.low;
    expect(width(four?.seconds as Range)).toBeLessThan(width(one?.seconds as Range));
    expect(four?.seconds.low).toBeLessThan(9 + 5);
    expect(four?.seconds.high).toBeGreaterThan(11 + 5);
  });
  test.each([
    ["another method of the model", { method: "lora" }, "model"],
    ["another task", { task: "sst2" }, "model"],
    ["another model", { model: "roberta-base" }, "device"],
    ["another device", { device: "another processor" }, "rule"],
    ["another model, stored before forecasts were", { model: "roberta-base", train_work: null }, "rule"],
  ] as const)("what is stored of %s is a poorer basis, with a wider range", (_, change, kind) => {
    const job = forecast([{}], [training(change)]);
    expect(job.secondsBasis.kind).toBe(kind);
    expect(job.seconds.high / job.seconds.low).toBeGreaterThan(2);
  });
  test("variants of a family count as alike", () => {
    expect(forecast([{ method: { name: "imlor2c", rank: 8 } }]).secondsBasis.kind).toBe("alike");
  });
  test("the best basis wins, and a job has the poorest basis of its runs", () => {
    const stored = [training({ method: "lora" }), training()];
    expect(forecast([{}], stored).secondsBasis.kind).toBe("alike");
    const two = forecast([{}, { train: { max_length: 64 } }], stored);
    expect(two.runs.map(({ secondsBasis }) => secondsBasis.kind).sort()).toEqual(["alike", "model"]);
    expect(two.secondsBasis.kind).toBe("model");
  });
  test("a rule of thumb: more of anything takes longer, a GPU less", () => {
    const rule = (run: Changes, device = DEVICE) => forecast([run], [], { device }).seconds.likely;
    const base = rule({ rows: 10_000 });
    expect(rule({ rows: 20_000 })).toBeGreaterThan(1.5 * base);
    expect(rule({ rows: 10_000, shape: { train_row_tokens: 100 } })).toBeGreaterThan(3 * base);
    expect(rule({ rows: 10_000, trainable: 22_565_376 })).toBeGreaterThan(1.3 * base);
    expect(rule({ rows: 10_000 }, GPU)).toBeLessThan(base / 10);
  });
  test("workers share the runs, and the longest decides", () => {
    const [one, two, four] = [1, 2, 4].map((slots) => forecast(seeds(4), [training()], { slots }).seconds.likely);
    expect(two).toBeCloseTo((one ?? 0) / 2);
    expect(four).toBeCloseTo((one ?? 0) / 4);
    expect(forecast(seeds(2), [training()], { slots: 8 })).toMatchObject({ workers: 2 });
  });
  test("runs that train as one until they part take less than each alone", () => {
    const merge = { epoch: 1, key: "merge", probable: true };
    const method = (merges: number) => ({ name: "imlor2c", rank: 8, merges, injections: 0 });
    const together = [{ method: method(0) }, { method: method(1), events: [merge] }];
    const apart = forecast([together[0] ?? {}]).seconds.likely * 2;
    expect(forecast(together).seconds.likely).toBeLessThan(apart - 5); // they share a whole epoch
  });
  test("without remaining runs the forecast is zero", () => {
    const job = forecast([]);
    expect([job.seconds.likely, job.disk, job.peakDisk, job.memory.likely]).toEqual([0, 0, 0, 0]);
  });
  test("thousands of runs are forecast with one search of the stored trainings", () => {
    let looks = 0;
    const stored = new Proxy([training()], {
      get(target, key) {
        if (key === "filter") looks++;
        return Reflect.get(target, key);
      },
    });
    const runs = Array.from({ length: 3000 }, () => ({}));
    const cells = runs.map((_, i) => ({ ...minilm({ id: String(i).padStart(16, "0") }) }));
    const shares = cells.map((cell) => ({ cells: [cell], key: "k", cost: 1 }));
    expect(forecastJob(shares, { slots: 2, device: DEVICE, stored }).runs).toHaveLength(3000);
    expect(looks).toBeLessThan(20);
  });
});

/**
 * Bytes of real runs of the packaged model: folders when they had ended, and checkpoints with states and best adapters
 * twice. Those of a state are checked for every method in the worker's tests.
 */
test.each([
  ["lor2c", { checkpoint: 2 * (2_244_048 + 744_351) + 2_866 }, { run: 750_181 }],
  ["lora", { method: { name: "lora" }, trainable: 73_728 }, { run: 904_717 }],
  ["pissa", { method: { name: "pissa" }, trainable: 73_728, shape: { saved_parameters: 147_456 } }, { run: 1_190_523 }],
  ["full", { method: { name: "full" }, trainable: 22_565_376 }, { run: 90_876_590 }],
] as [string, Changes & { checkpoint?: number }, { run: number }][])(
  "disk of %s is within 5 % of what was measured",
  (_, { checkpoint = 0, ...run }, measured) => {
    const disk = diskOf([minilm(run)]);
    expect(disk.run / measured.run).toBeGreaterThan(0.95);
    expect(disk.run / measured.run).toBeLessThan(1.05);
    if (checkpoint === 0) return;
    expect(disk.checkpoint / checkpoint).toBeGreaterThan(0.95);
    expect(disk.checkpoint / checkpoint).toBeLessThan(1.05);
  },
);

test("disk of a job: what stays, and checkpoints of the trees that train at a time", () => {
  const [one, two] = [forecast([{}]), forecast([{}, { train: { batch_size: 8 } }])];
  expect(two.disk / one.disk).toBeCloseTo(2, 1);
  expect(one.peakDisk - one.disk).toBeGreaterThan(3 * 4 * (36_864 + 148_610));
  expect(two.peakDisk - two.disk).toBeCloseTo(one.peakDisk - one.disk, -5);
  const side = forecast([{}, { train: { batch_size: 8 } }], [], { slots: 2 });
  expect((side.peakDisk - side.disk) / (one.peakDisk - one.disk)).toBeCloseTo(2, 1);
});

test("without checkpoints the peak has best adapters only", () => {
  const shares = shareOut([minilm({ id: "0".padStart(16, "0") })], 1);
  const at = (keep: Partial<Keeping>) =>
    forecastJob(shares, { slots: 1, device: DEVICE, stored: [], keeping: { ...KEEPS_ALL, evaluates: false, ...keep } });
  const [written, none] = [at({}), at({ checkpoints: "none" })];
  const state = 2 * 3 * 4 * (36_864 + 148_610);
  expect([none.disk, written.peakDisk - none.peakDisk]).toEqual([written.disk, state]);
});

/** MiB at the peak of real workers on a CPU: batch, max_length, tokens of a row, steps, precision, and what it was. */
test.each([
  ["lora", 4, 16, 15, 2, "mixed", 684],
  ["lora", 32, 128, 27, 2, "mixed", 848],
  ["lora", 128, 16, 15.4, 2, "mixed", 959],
  ["lora", 256, 128, 27, 2, "mixed", 1953],
  ["lora", 256, 16, 15.3, 2, "mixed", 1325],
  ["lor2c", 32, 128, 27, 64, "mixed", 1319],
  ["lor2c", 8, 128, 27, 256, "mixed", 1206],
  ["lor2c", 32, 128, 27, 64, "fp32", 965],
  ["lora", 32, 128, 27, 64, "mixed", 1491],
  ["lor2c", 128, 128, 27, 16, "mixed", 1831],
  ["full", 128, 128, 27, 2, "mixed", 1603],
  ["full", 32, 128, 27, 16, "mixed", 1454],
])(
  "memory of %s, batch %i, length %i: the range holds what was measured",
  (name, batch_size, max_length, tokens, steps, precision, mib) => {
    const trainable = { lora: 73_728, lor2c: 36_864, full: 22_565_376 }[name] ?? 0;
    const shape = { train_row_tokens: tokens, longest_row_tokens: Math.min(max_length, 79) };
    const train = { batch_size, max_length, max_steps: steps, num_train_epochs: 10 };
    const cell = minilm({ method: { name }, trainable, precision, train, rows: 1024, shape });
    const { bytes, basis } = memoryOf([cell], DEVICE, []);
    expect(basis.kind).toBe("rule");
    const measured = mib * 1024 ** 2;
    expect(bytes.low).toBeLessThan(measured);
    expect(bytes.high).toBeGreaterThan(measured);
    expect(Math.max(bytes.likely / measured, measured / bytes.likely)).toBeLessThan(1.4);
  },
);

/** SmolLM2-135M, with the peak memory that was measured on a CPU in fp32, in MiB. */
const smollm = (train: Changes["train"], model = {}, precision = "fp32") => {
  const shape = {
    ...{ layers: 30, hidden_size: 576, intermediate_size: 1536, attention_heads: 9, embedding_parameters: 28_311_552 },
    ...{ train_row_tokens: 256, longest_row_tokens: 256, checkpoint_parameters: 460_800 },
  };
  const cell = minilm({ train: { max_length: 256, ...train }, trainable: 460_800, shape, precision });
  Object.assign(cell.settings.model, model);
  Object.assign(cell.inspected, { head_parameters: 0, total_parameters: 134_515_008 });
  return memoryOf([cell], DEVICE, []).bytes;
};

test.each([
  [1, {}, 1407],
  [4, {}, 2813],
  [8, {}, 4585],
  [8, { gradient_checkpointing: true }, 1891],
])("memory of a language model with micro-batches of %i rows, %o, is near what was measured", (rows, train, mib) => {
  const { low, likely, high } = smollm({ batch_size: rows, ...train });
  expect(Math.abs(likely / (mib * 2 ** 20) - 1)).toBeLessThan(0.1);
  expect(low).toBeLessThan(mib * 2 ** 20);
  expect(high).toBeGreaterThan(mib * 2 ** 20);
});

test("memory of a language model: tokens of a micro-batch, and the bits that weights are held in", () => {
  const rows = smollm({ batch_size: 4 }).likely;
  expect(smollm({ batch_size: 64, tokens_per_batch: 1024 }).likely).toBeCloseTo(rows, -3);
  expect(smollm({ batch_size: 2, gradient_accumulation_steps: 2, tokens_per_batch: 65_536 }).likely).toBeCloseTo(
    rows,
    -3,
  );
  const linear = 134_515_008 - 28_311_552;
  const saved = (model: object, precision?: string) => rows - smollm({ batch_size: 4 }, model, precision).likely;
  expect(saved({ quantization: "nf4" })).toBeCloseTo(linear * (4 - 0.53), -3);
  expect(saved({ quantization: "int8" })).toBeCloseTo(linear * (4 - 1.01), -3);
  expect(saved({ dtype: "bf16" })).toBeCloseTo(134_515_008 * 2, -3);
});

test.each([{ gradient_checkpointing: true }, { tokens_per_batch: 512 }])(
  "stored trainings with other activations than %o say nothing of its memory",
  (train) => {
    expect(memoryOf([minilm({ train })], DEVICE, [training()]).basis.kind).toBe("rule");
  },
);

describe("memory", () => {
  test("the next worker takes what such a worker took, if its batch is equally large", () => {
    expect(memoryOf([minilm()], DEVICE, [training()])).toMatchObject({
      bytes: { likely: 1_200_000_000 },
      basis: { kind: "alike", trainings: 1 },
    });
    expect(memoryOf([minilm({ train: { batch_size: 64 } })], DEVICE, [training()]).basis.kind).toBe("rule");
  });
  test("the largest workers count for all that train at a time", () => {
    const job = forecast(seeds(4), [], { slots: 2 });
    expect(job.memoryOfAll.likely).toBeLessThan(2 * job.memory.likely);
    expect(job.memoryOfAll.likely).toBeGreaterThan(1.9 * job.memory.likely);
  });
  test("a GPU has only tensors", () => {
    const bytes = (device: typeof GPU) => memoryOf([minilm()], device, []).bytes.likely;
    expect(bytes(DEVICE) - bytes(GPU)).toBeGreaterThan(400 * 1024 ** 2);
  });
});
