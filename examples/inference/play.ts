import { fileURLToPath } from "node:url";

import { formatCredits } from "@compute-credits/protocol/amounts";
import { eventually } from "../../scripts/local/eventually.ts";
import { startProgram } from "../../scripts/local/program.ts";
import type { Parties } from "../parties.ts";
import { findNearest } from "./customer.ts";

const QUESTION = "How do I get back the credits that I did not use?";

const TEXTS = [
  "A wallet buys credits in a contract, and pays with tokens.",
  "An allowance lets an API key spend up to a limit.",
  "Unspent credits are refunded when their owner asks for them.",
  "A provider is paid from a signed checkpoint.",
  "The tomatoes are ripe in August.",
];

export interface Played {
  readonly costMicros: bigint;
  readonly tokens: number;
  /** the text that was found */
  readonly nearest: string;
}

export interface InferenceDeps {
  /** the metering server's address */
  readonly server: string;
  readonly parties: Parties;
  readonly say: (line: string) => void;
  /** called while all of it runs, with the gateway's address */
  readonly whileServing?: (gateway: string) => Promise<void>;
}

/**
 * Serves embeddings behind a gateway, and asks them as a customer whose key may spend so much. Needs
 * the weights (installed.ts).
 */
export async function playInference(
  { server, parties, say, whileServing }: InferenceDeps,
  apiKey: string,
): Promise<Played> {
  // Only here: without the weights it could not be loaded.
  const { MODEL, startEmbeddings } = await import("./embeddings.ts");
  await using stack = new AsyncDisposableStack();
  const embeddings = await startEmbeddings();
  stack.defer(() => embeddings.stop());
  say(`a server of ${MODEL} with its own weights: it knows nothing of credits`);

  const gateway = await startGateway({ server, providerKey: parties.providerKey }, embeddings.url);
  stack.defer(() => gateway.stop());
  say(`the gateway charges in front of it: ${gateway.url}`);

  const { answers, paid } = await findNearest(
    { gateway: gateway.url, apiKey, model: MODEL },
    TEXTS,
    QUESTION,
  );
  for (const { tokens, costMicros, remainingMicros } of paid) {
    const left = formatCredits(remainingMicros);
    say(`${tokens} tokens cost ${formatCredits(costMicros)} credits; ${left} are left`);
  }
  const [nearest] = answers;
  say(`"${QUESTION}"`);
  say(`is nearest to: "${nearest?.text}" (${nearest?.nearness.toFixed(2)})`);
  await whileServing?.(gateway.url);
  return {
    costMicros: paid.reduce((sum, { costMicros }) => sum + costMicros, 0n),
    tokens: paid.reduce((sum, { tokens }) => sum + tokens, 0),
    nearest: nearest?.text ?? "",
  };
}

/** `npm run gateway`, in a process of its own. */
async function startGateway(
  { server, providerKey }: { readonly server: string; readonly providerKey: string },
  upstream: string,
) {
  const program = startProgram(
    here("../../gateway/main.ts"),
    { METERING_URL: server, PROVIDER_KEY: providerKey },
    ["--upstream", upstream, "--models", here("./models.json"), "--port", "0"],
  );
  const url = await eventually("the gateway", async () => {
    if (program.process.exitCode !== null) throw new Error(`it ended: ${program.said()}`);
    return /"url":"([^"]+)"/.exec(program.said())?.[1] ?? null;
  });
  return { url, stop: () => program.end() };
}

function here(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}
