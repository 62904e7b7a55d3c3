import { z } from "zod";

import { boundedBody } from "@compute-credits/platform/process/boundedBody";
import { hideUrls } from "@compute-credits/platform/process/hideSecrets";

/** What an auditor's status server says; other fields are ignored. */
const AuditorStatus = z.object({
  error: z.string().nullable(),
  refusedEpochs: z.array(z.string().max(20)).max(1_000),
});

/** One answer of a status server. */
export type AuditorAnswer = z.output<typeof AuditorStatus> | "silent";

/** An auditor restarts within a minute; a longer silence is an alarm. */
const SILENT_AFTER_MS = 60_000;

const TIMEOUT_MS = 5_000;
const MOST_BYTES = 65_536;
const MOST_NAMED = 5;
const MOST_TEXT = 200;

/** Asks an auditor's status server. Whatever goes wrong counts as silence. */
export async function askAuditor(url: string): Promise<AuditorAnswer> {
  try {
    const response = await fetch(new URL("healthz", url.endsWith("/") ? url : `${url}/`), {
      signal: AbortSignal.timeout(TIMEOUT_MS),
      redirect: "error",
    });
    return AuditorStatus.parse(JSON.parse(await boundedBody(response, MOST_BYTES)));
  } catch {
    return "silent";
  }
}

/** Tells of auditors that refuse, that cannot go on, or that have been silent for a minute. */
export function watchAuditors(
  urls: readonly string[],
  ask: (url: string) => Promise<AuditorAnswer> = askAuditor,
  now: () => number = () => performance.now(),
): () => Promise<readonly string[]> {
  const heardAt = new Map(urls.map((url) => [url, now()]));
  return async () =>
    (
      await Promise.all(
        urls.map(async (url) => {
          const answer = await ask(url);
          const name = new URL(url).origin;
          if (answer !== "silent") {
            heardAt.set(url, now());
            return describe(name, answer);
          }
          return now() - (heardAt.get(url) ?? 0) < SILENT_AFTER_MS
            ? null
            : `the auditor at ${name} has been silent for a minute: start it, or check AUDITOR_URLS`;
        }),
      )
    ).filter((text) => text !== null);
}

function describe(
  name: string,
  { error, refusedEpochs }: Exclude<AuditorAnswer, "silent">,
): string | null {
  if (refusedEpochs.length > 0) {
    const epochs = refusedEpochs.slice(0, MOST_NAMED).join(", ");
    return (
      `the auditor at ${name} refuses the checkpoints of the epochs ${epochs}: ` +
      "its GET /findings says why (docs/findings.md)"
    );
  }
  if (error === null) return null;
  return `the auditor at ${name} cannot go on: ${hideUrls(error).slice(0, MOST_TEXT)}`;
}
