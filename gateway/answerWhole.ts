import { costFields } from "@compute-credits/express/charge/answerHeaders";
import { type Exchange, passedHeaders } from "./exchange.ts";
import { GatewayError } from "./http/gatewayError.ts";
import { readBytes } from "./http/readBody.ts";
import { isRecord } from "@compute-credits/protocol/json/isRecord";
import { parseJson } from "./json.ts";
import { measureText } from "./measure.ts";
import { usedOf } from "./models.ts";

/** A longer answer is refused: all of it must be read before it is charged. */
const MOST_ANSWER_BYTES = 64 * 1_024 * 1_024;

/**
 * Charges an answer that comes at once, and sends it as it came, with its cost. An answer that is an
 * error is passed on, and charged nothing. So is one that its caller does not wait for.
 */
export async function answerWhole({
  api,
  asked,
  model,
  charge,
  answer,
  count,
  res,
}: Exchange): Promise<void> {
  const status = answer.statusCode ?? 502;
  const bytes = await readAnswer(answer);
  if (status >= 400) {
    await charge.finish({});
    send(status, {});
    return;
  }
  const document = parseJson(bytes.toString("utf8"));
  if (!isRecord(document)) throw unusable("is no JSON");
  if (res.destroyed) {
    await charge.finish({});
    return;
  }
  const told = api.usageOf(document);
  const { usage, isEstimated } =
    told === null
      ? await measureText(asked, api.textOf(document), count)
      : { usage: told, isEstimated: false };
  send(status, costFields(await charge.finish(usedOf(model, usage), { isEstimated })));

  function send(code: number, cost: Readonly<Record<string, string>>): void {
    if (res.destroyed) return;
    res.writeHead(code, { ...passedHeaders(answer), "content-length": bytes.length, ...cost });
    res.end(bytes);
  }
}

async function readAnswer(answer: Exchange["answer"]): Promise<Buffer> {
  try {
    return await readBytes(answer, MOST_ANSWER_BYTES, () => unusable("is too long"));
  } catch (error) {
    if (error instanceof GatewayError) throw error;
    throw unusable("broke off", error);
  }
}

function unusable(what: string, cause?: unknown): GatewayError {
  const text = `The answer of the server behind this gateway ${what}. Nothing was charged.`;
  return new GatewayError(502, "upstream_failed", text, { retryAfterSeconds: 5, cause });
}
