import { Webhook } from "standardwebhooks";

import { hideUrls } from "@compute-credits/platform/process/hideSecrets";
import type { GuardedPost } from "@compute-credits/platform/process/guardedPost";
import { retryInSeconds, secondsOfRetryAfter } from "@compute-credits/rules/webhooks/retries";
import type { Attempt, AttemptOutcome } from "../../stores/webhooks/deliveryStore.ts";
import type { SecretSealer } from "../../stores/webhooks/sealedSecrets.ts";

export interface AttemptDeps {
  readonly sealer: Pick<SecretSealer, "open">;
  readonly poster: Pick<GuardedPost, "post">;
}

const GONE = 410;

/** Posts an event, signed with each secret that is open. Rejects only if `signal` ends it. */
export async function deliverAttempt(
  attempt: Attempt,
  { sealer, poster }: AttemptDeps,
  signal: AbortSignal,
): Promise<AttemptOutcome> {
  const failed = (status: number | null, error: string, retryAfter?: string): AttemptOutcome => ({
    result: "failed",
    status,
    error,
    retryInSeconds: retryInSeconds(attempt.attempt, {
      retryAfterSeconds: secondsOfRetryAfter(retryAfter, new Date()),
      chance: Math.random(),
    }),
  });
  const secrets = attempt.secrets
    .map((sealed) => sealer.open(sealed, attempt.endpoint))
    .filter((secret) => secret !== null);
  if (secrets.length === 0) {
    return failed(null, "the server lacks the key of the webhook's secret: tell the operator");
  }
  try {
    const request = signedRequest(attempt.event, secrets, new Date());
    const { status, retryAfter } = await poster.post(attempt.url, request, signal);
    if (status >= 200 && status < 300) return { result: "delivered", status };
    if (status === GONE) return { result: "gone", status };
    const isRedirect = status >= 300 && status < 400;
    const why = isRedirect ? "redirects are not followed: change the URL" : "2xx was expected";
    return failed(status, `it answered ${status}: ${why}`, retryAfter);
  } catch (error) {
    if (signal.aborted) throw error;
    return failed(null, reasonOf(error));
  }
}

/** The headers and the body of Standard Webhooks. The body is the same at every attempt. */
function signedRequest(
  { id, kind, occurredAt, body }: Attempt["event"],
  secrets: readonly string[],
  now: Date,
) {
  const payload = JSON.stringify({ type: kind, timestamp: occurredAt.toISOString(), data: body });
  const signatures = secrets.map((secret) => new Webhook(secret).sign(id, now, payload));
  return {
    body: payload,
    headers: {
      "content-type": "application/json",
      "user-agent": "compute-credits-webhooks",
      "webhook-id": id,
      "webhook-timestamp": `${Math.floor(now.getTime() / 1_000)}`,
      "webhook-signature": signatures.join(" "),
    },
  };
}

/** Names no address that the name resolved to: the list of deliveries is not for scanning. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return "there was no answer";
  if (error.name === "TimeoutError" || error.name === "AbortError") return "no answer came in time";
  if (error.message.startsWith("nothing is sent there")) return hideUrls(error.message);
  const code = "code" in error ? String(error.code) : "";
  return code === "" ? "there was no answer" : `there was no answer: ${code}`;
}
