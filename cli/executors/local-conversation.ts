import type { Devices } from "../spec/devices.js";
import { Conversation, type ConversationOptions } from "../worker/conversation.js";
import type { Slot } from "./executor.js";
import { askOn } from "./local-devices.js";
import { SilenceLimit } from "./silence-limit.js";

export const isSlot = (place: Devices | Slot): place is Slot =>
  typeof place === "object" && !Array.isArray(place) && "env" in place;

/** A conversation whose worker is killed when it sends nothing and does nothing for too long. */
export async function openWatched(options: ConversationOptions): Promise<Conversation> {
  const conversation = await Conversation.open(options);
  const limit = new SilenceLimit();
  limit.watch(conversation);
  conversation.reasonOfDeath = () => limit.reason;
  return conversation;
}

/** A conversation with a worker that sees these devices. Closes the others that were opened to find it. */
export async function converseOn(
  devices: Devices,
  outer: Record<string, string | undefined>,
  open: (env: Record<string, string>) => Promise<Conversation>,
): Promise<Conversation> {
  const opened: Conversation[] = [];
  let found: Conversation | undefined;
  try {
    found = await askOn(devices, outer, async (env) => {
      const conversation = await open(env);
      opened.push(conversation);
      return conversation;
    });
    return found;
  } finally {
    await Promise.all(opened.filter((one) => one !== found).map((one) => one.close()));
  }
}
