import {
  COST_TRAILERS,
  costComment,
  costFields,
  wantsTrailers,
} from "@compute-credits/express/charge/answerHeaders";
import { type Exchange, passedHeaders } from "./exchange.ts";
import { GatewayError } from "./http/gatewayError.ts";
import { errorEvent } from "./http/sendProblem.ts";
import { measureStream } from "./measure.ts";
import { usedOf } from "./models.ts";
import { TooMuchError, relayStream } from "./stream/relayStream.ts";

/**
 * Sends a stream on, and charges what reached the caller. The charge comes before the events that end
 * the stream, so its cost stands in a comment before them, and in a trailer if the caller reads those.
 */
export async function answerStream(exchange: Exchange): Promise<void> {
  const { api, asked, model, charge, answer, req, res } = exchange;
  const hasTrailers = wantsTrailers(req.headers["te"]?.toString());
  res.writeHead(200, {
    ...passedHeaders(answer),
    "cache-control": "no-cache",
    "x-accel-buffering": "no",
    ...(hasTrailers ? { trailer: COST_TRAILERS } : {}),
  });
  res.flushHeaders();
  const relayed = await relayStream(answer, res, {
    read: api.readEvents(asked),
    isTooMuch: ({ output }) => output > asked.maxOutput,
  });
  const { usage, isEstimated } = await measureStream(asked, relayed, exchange.count);
  const finished = await charge.finish(usedOf(model, usage), { isEstimated });
  if (res.destroyed) return;
  res.write(costComment(finished));
  if (relayed.failure === null) res.write(relayed.last);
  else res.write(errorEvent(brokenOff(relayed.failure, charge.signal.aborted), api.errors));
  if (hasTrailers) res.addTrailers(costFields(finished));
  res.end();
}

function brokenOff(cause: unknown, isOutOfTime: boolean): GatewayError {
  const why =
    cause instanceof TooMuchError
      ? "it wrote more tokens than were asked for"
      : isOutOfTime
        ? "it took longer than a request may"
        : "its connection closed";
  const text = `The answer of the server behind this gateway broke off: ${why}. What you got is charged.`;
  return new GatewayError(502, "upstream_failed", text, { cause });
}
