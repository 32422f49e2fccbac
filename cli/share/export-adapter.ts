import { Lor2cError, ProtocolError } from "../errors.js";
import type { EventOf, WorkerCommand, WorkerEvent } from "../protocol/messages.js";
import { Conversation } from "../worker/conversation.js";
import { interruptible } from "../worker/interruptible.js";
import type { StoredAdapter } from "./adapter-to-export.js";
import { placed } from "./destination.js";

export interface ExportRequest {
  adapter: StoredAdapter;
  /** Absolute path, from `destinationOf`. */
  path: string;
  merged: boolean;
  license: string | null;
  push: { repository: string; private: boolean } | null;
  /** Called where there is no token. */
  askToken: (endpoint: string, signal: AbortSignal) => Promise<string>;
}

export interface Export {
  written: EventOf<"exported">;
  pushed: EventOf<"pushed"> | null;
}

/** Writes the folder, whole or not at all, and uploads it if asked to. */
export function exportAdapter(request: ExportRequest): Promise<Export> {
  return interruptible("interrupted", (signal) => exported(request, signal));
}

async function exported(request: ExportRequest, signal: AbortSignal): Promise<Export> {
  const { adapter, path, merged, license, push } = request;
  const conversation = await Conversation.open({ signal });
  let sentTo: string | undefined;
  try {
    const ask = asker(conversation);
    const access = push === null ? null : await accessTo(request, ask, signal);
    const { folder, fingerprint } = adapter;
    const asked = { folder, fingerprint, merged, license, repository: push?.repository ?? null };
    const written = await placed(path, (target) =>
      ask({ type: "export_adapter", request: "export", ...asked, target }, "exported"),
    );
    if (push === null || access === null) return { written, pushed: null };
    const message = `lor2c run ${adapter.run}`;
    const upload = { folder: path, repository: push.repository, private: push.private, token: access.token, message };
    sentTo = `${access.endpoint}/${push.repository}`;
    return { written, pushed: await ask({ type: "push_folder", request: "push", ...upload }, "pushed") };
  } catch (error) {
    throw explained(error, path, sentTo, signal);
  } finally {
    await conversation.close().catch(() => {}); // its error is that of the answer
  }
}

type Asking = WorkerCommand & { request: string };
type AskFor = <T extends "exported" | "pushed" | "hub_access">(command: Asking, answer: T) => Promise<EventOf<T>>;

/** Asks, and returns the one event that answers. */
function asker(conversation: Conversation): AskFor {
  return async (command, answer) => {
    let found: WorkerEvent | undefined;
    await conversation.ask(command, (event) => {
      if (event.type === answer) found = event;
    });
    if (found === undefined)
      throw new ProtocolError("PROTOCOL_INCOMPLETE", `the worker has not answered ${command.type}`);
    return found as EventOf<typeof answer>;
  };
}

interface Access {
  endpoint: string;
  /** Null: the worker finds one by itself. */
  token: string | null;
}

async function accessTo({ askToken }: ExportRequest, ask: AskFor, signal: AbortSignal): Promise<Access> {
  const hub = await ask({ type: "ask_hub", request: "hub" }, "hub_access");
  if (hub.offline) {
    throw new Lor2cError("HUB_OFFLINE", "HF_HUB_OFFLINE is set", "unset it to upload", 2);
  }
  return { endpoint: hub.endpoint, token: hub.token ? null : await askToken(hub.endpoint, signal) };
}

/**
 * An error says what is there: the folder as a whole, or nothing of it. `sentTo`: address of the repository, once the
 * worker was asked to upload; from then on only the hub knows how far it came.
 */
function explained(error: unknown, path: string, sentTo: string | undefined, signal: AbortSignal): unknown {
  if (error instanceof Lor2cError && error.code === "EXPORT_NOT_PLACED") return error;
  if (sentTo === undefined) {
    return signal.aborted ? new Lor2cError("INTERRUPTED", "interrupted; nothing was written", undefined, 130) : error;
  }
  const perhaps = "the repository may have been made and the folder uploaded";
  if (signal.aborted) {
    return new Lor2cError(
      "INTERRUPTED",
      `interrupted; ${path} is complete, and ${perhaps}: look at ${sentTo}`,
      undefined,
      130,
    );
  }
  if (!(error instanceof Lor2cError)) return error;
  const hint = `${path} is complete. Unless the error says otherwise ${perhaps}: look at ${sentTo}`;
  return new Lor2cError("PUSH_FAILED", error.message, `${hint}; the same command with --force tries again`);
}
