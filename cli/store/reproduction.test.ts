import { execFileSync, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tempFolder } from "../fixtures/temp-folder.js";
import { environment as view } from "../views/environment.js";
import { deviceClass } from "./device-class.js";
import { claimAll, claimedStore, sampleCell, sampleEvents as say } from "./fixtures/sample.js";
import { askGit, type GitState } from "./git.js";
import { withoutSecrets } from "./git-secrets.js";
import { getDiff, listRuns, reproductionOf } from "./read.js";
import { ingest, removeRuns } from "./write.js";

const A = sampleCell("a".repeat(16));

/** A checkout needs git, but a copy of its files does not. */
const noGit = spawnSync("git", ["--version"]).status !== 0;

function repository(): { folder: string; git: (...args: string[]) => void } {
  const folder = tempFolder();
  const git = (...args: string[]) => void execFileSync("git", args, { cwd: folder, stdio: "ignore" });
  git("init");
  writeFileSync(join(folder, "spec.yaml"), "seed: 1\n");
  writeFileSync(join(folder, ".env"), "NAME=value-of-mine\n");
  git("add", ".");
  git("-c", "user.name=n", "-c", "user.email=e@e", "commit", "-m", "first");
  return { folder, git };
}

test.skipIf(noGit)("git says the commit, and what differs from it in tracked files, whatever its configuration", () => {
  const { folder, git } = repository();
  const clean = askGit(folder);
  expect(clean).toMatchObject({ commit: expect.stringMatching(/^[0-9a-f]{40}$/), dirty: false, diff: null });
  writeFileSync(join(folder, "spec.yaml"), "seed: 2\n");
  writeFileSync(join(folder, "untracked"), "");
  const dirty = askGit(folder);
  expect(dirty?.diff?.text).toMatch(/^diff --git a\/spec.yaml b\/spec.yaml\n[\s\S]*\n-seed: 1\n\+seed: 2\n$/);
  git("config", "diff.noprefix", "true");
  git("config", "color.ui", "always");
  expect(askGit(folder)).toEqual(dirty);
  git("add", "spec.yaml");
  expect(askGit(folder)).toEqual(dirty);
  expect(askGit(tempFolder())).toBeNull();
});

test.skipIf(noGit)("of a long difference, and where the user wants it so, only the hash and the size are kept", () => {
  const { folder } = repository();
  writeFileSync(join(folder, "spec.yaml"), "seed: 2\n");
  process.env.LOR2C_GIT_DIFF = "0";
  const unwanted = askGit(folder)?.diff;
  delete process.env.LOR2C_GIT_DIFF;
  const wanted = askGit(folder)?.diff;
  expect(unwanted).toEqual({ ...wanted, text: null });
  writeFileSync(join(folder, "spec.yaml"), "x\n".repeat(200_000));
  expect(askGit(folder)?.diff).toMatchObject({ sha256: expect.stringMatching(/^[0-9a-f]{64}$/), text: null });
});

test("a stored difference has no secrets that can be told from other text", () => {
  const part = (name: string, ...lines: string[]) =>
    [`diff --git a/${name} b/${name}`, `--- a/${name}`, `+++ b/${name}`, "@@ -1 +1 @@", ...lines, ""].join("\n");
  const hidden = [
    part("a.py", '+API_KEY = "abcdef123456"', "+  password: hunter2000", '+{"hf_token": "hf_abcdefghijklmnopqrst"}'),
    part("b.py", "+url = https://me:pass1234@host/x", "+call('ghp_abcdefghijklmnopqrst')"),
    part("c.py", "+-----BEGIN RSA PRIVATE KEY-----", "+MIIabcdef", "+-----END RSA PRIVATE KEY-----"),
    part("deploy/.env", "+ANYTHING=at-all-99"),
    part("my_credentials.json", "+at-all-99"),
    part("secrets/prod.yaml", "+db: at-all-99"),
    part("docker/prod.env", "+DB=at-all-99"),
    part("e.py", '+PASSPHRASE = "two words abcdef"', '+    api_key: str | None = "abcdef1"', "+WANDB_TOKEN=abcdef123"),
    part(
      "f.sh",
      "+curl -H 'Authorization: Bearer abcdef.1234'",
      '+export PASSWORD="abcdef',
      '+  "password": "abc def",',
    ),
  ];
  const text = withoutSecrets(hidden.join(""));
  expect(text).not.toMatch(/abc|words|hunter2000|pass1234|MII|at-all-99/);
  expect(text.match(/^diff --git /gm)).toHaveLength(hidden.length);
  expect(text).toContain("https://***@host/x");
  const harmless = part(
    "d.py",
    "+max_tokens = 123456",
    "+tokenizer: AutoTokenizer",
    "+key = lambda row: row.length",
    '+PAD_TOKEN = "[PAD]"',
  );
  expect(withoutSecrets(harmless)).toBe(harmless);
});

const diff = { sha256: "d".repeat(64), bytes: 20, text: "diff --git a/x b/x\n--- a/x\n+++ b/x\n-old\n+new\n" };
const GIT: GitState = { commit: "c".repeat(40), dirty: true, diff };

test("a run has all that it takes to train it again, as names with texts; a changed difference is another environment", () => {
  const { store, attempts } = claimedStore(tempFolder(), [A]);
  const events = [
    ...[say.ready(), say.started([A.id]), say.artifact([A.id], 2, join(store.results.ofRun(A.id), "adapter"))],
    say.finished([A.id], 3),
  ];
  ingest(store, attempts, events, GIT);
  const attempt = attempts.get(A.id) as number;
  const found = reproductionOf(store, attempt);
  expect(Object.fromEntries(found)).toMatchObject({
    "git.commit": GIT.commit,
    "git.changes": diff.sha256,
    "device.class": expect.stringMatching(/^cpu \S+ Maker 1\.2, AVX2, 1 thread, fp32$/),
    "computing.cpu": "a processor",
    "package.torch": "2.13.0",
    numerics: "1",
    precision: "fp32",
    "hash.data": "bb",
    "hash.initial_weights": "ff".repeat(32),
    "hash.batch_order": "bb".repeat(32),
    "hash.adapter": "cc",
  });
  expect(getDiff(store, attempt)).toEqual(diff);
  const again = claimAll(store, [A], true);
  ingest(store, again, [say.ready()], { ...GIT, dirty: false, diff: null });
  const other = reproductionOf(store, again.get(A.id) as number);
  expect([other.get("git.changes"), other.has("hash.adapter")]).toEqual(["none", false]);
  expect(getDiff(store, again.get(A.id) as number)).toBeNull();
  expect(reproductionOf(store, 99)).toEqual(new Map());
  store.close();
});

test("the view shows it at 80 columns, all of it as data; a difference goes with its last run", () => {
  const { store, attempts } = claimedStore(tempFolder(), [A, sampleCell("b".repeat(16), { seed: 2 })]);
  ingest(store, new Map([[A.id, attempts.get(A.id) as number]]), [say.ready(), say.started([A.id])], GIT);
  const [one] = view.load(store, listRuns(store, { ids: [A.id] } as never)).filter(({ run }) => run === A.id);
  const text = view.text(one ? [one] : [], 80);
  expect(text).toMatch(/^what computes\n {2}cpu +a processor$/m);
  expect(text).toMatch(/^ {2}initial_weights +f{16}$/m);
  expect(text).toContain("uncommitted changes, 20 B: 1 file, 1 line added, 1 removed; to print them:");
  expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
  const hashed = { environment: { "hash.data": `sha256:${"ab".repeat(32)}` }, diff: null };
  expect(view.text([{ run: "x", label: "x", data: hashed }], 80)).toBe(`hashes\n  data  ${"ab".repeat(8)}`);
  const planned = view.text([{ run: "x", label: "x", data: { environment: null, diff: null } }], 80);
  expect(planned).toBe("no attempt has begun");
  ingest(store, new Map([[A.id, attempts.get(A.id) as number]]), [{ type: "stopped", seq: 9, cells: [A.id], step: 1 }]);
  removeRuns(store, [A.id]);
  expect(store.db.prepare("SELECT count(*) FROM git_diffs").pluck().get()).toBe(0);
  store.close();
});

test("a device class has what decides which kernels run; without it there is none", () => {
  const cpu = { platform: "linux-x64", device: "cpu", device_description: "EPYC" };
  const computing = { cpu_kind: "Maker 1.2", instruction_set: "AVX2", threads: "4" };
  expect(deviceClass({ ...cpu, computing }, "fp32")).toBe("cpu linux-x64 Maker 1.2, AVX2, 4 threads, fp32");
  expect(deviceClass({ ...cpu, computing: {} }, "fp32")).toBeNull();
  expect(deviceClass({ ...cpu, computing }, undefined)).toBeNull();
  const gpu = { ...cpu, device: "cuda:1", device_description: "NVIDIA H100", computing: {} };
  expect(deviceClass(gpu, "mixed")).toBe("cuda NVIDIA H100, mixed");
});
