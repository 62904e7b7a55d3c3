import { costComment, costFields, isEventStream } from "../charge/answerHeaders.ts";
import type { Charge, Finished } from "../charge/charge.ts";
import { type Measuring, finishMeasured } from "../charge/finishMeasured.ts";

export interface ResponseDeps extends Measuring {
  /** whether the caller is known to be gone */
  readonly hasLeft: () => boolean;
}

/** A longer answer is streamed: its header cannot tell the cost. */
const MOST_BUFFERED_BYTES = 1_048_576;

/**
 * Charges a web response when its body ends, or when its reader gives up. A short answer waits for
 * the charge, so that its header tells the cost. A stream of events tells it in its last comment.
 */
export async function chargeResponse(
  response: Response,
  charge: Charge,
  { hasLeft, ...measuring }: ResponseDeps,
): Promise<Response> {
  const { status, body } = response;
  let finished: Promise<Finished> | null = null;

  function finish(bytes: number, isComplete: boolean): Promise<Finished> {
    finished ??= finishMeasured(charge, { status, bytes, isComplete }, measuring);
    return finished;
  }

  if (body === null || status >= 400) {
    return withCost(response, body, await finish(0, !hasLeft()));
  }
  const reader = body.getReader();
  const isEvents = isEventStream(response.headers.get("content-type"));
  const { parts, bytes, isWhole } = isEvents ? NOTHING_READ : await readFirst(reader);
  if (isWhole) {
    const cost = await finish(hasLeft() ? 0 : bytes, !hasLeft());
    return withCost(response, streamOf(parts), cost);
  }
  return new Response(
    relay(reader, {
      parts,
      finish,
      end: (cost) => (isEvents ? costComment(cost) : ""),
      abandon: () => charge.abandon(),
    }),
    response,
  );
}

type Reader = ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;

interface FirstParts {
  readonly parts: readonly Uint8Array<ArrayBuffer>[];
  readonly bytes: number;
  readonly isWhole: boolean;
}

const NOTHING_READ: FirstParts = { parts: [], bytes: 0, isWhole: false };

async function readFirst(reader: Reader): Promise<FirstParts> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  while (bytes <= MOST_BUFFERED_BYTES) {
    // oxlint-disable-next-line no-await-in-loop -- one part after the other
    const { done, value } = await reader.read();
    if (done) return { parts, bytes, isWhole: true };
    parts.push(value);
    bytes += value.byteLength;
  }
  return { parts, bytes, isWhole: false };
}

function relay(
  reader: Reader,
  {
    parts,
    finish,
    end,
    abandon,
  }: {
    readonly parts: FirstParts["parts"];
    readonly finish: (bytes: number, isComplete: boolean) => Promise<Finished>;
    readonly end: (cost: Finished) => string;
    readonly abandon: () => void;
  },
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const waiting = [...parts];
  let bytes = 0;
  return new ReadableStream(
    {
      async pull(controller) {
        try {
          const first = waiting.shift();
          const { done, value } =
            first === undefined ? await reader.read() : { done: false, value: first };
          if (done || value === undefined) {
            const text = end(await finish(bytes, true));
            if (text !== "") controller.enqueue(new TextEncoder().encode(text));
            controller.close();
            return;
          }
          bytes += value.byteLength;
          controller.enqueue(value);
        } catch (error) {
          controller.error(error);
          await finish(bytes, false);
        }
      },
      async cancel(reason) {
        abandon();
        await Promise.allSettled([reader.cancel(reason), finish(bytes, false)]);
      },
    },
    // Nothing is read ahead: what was read is what was handed on.
    { highWaterMark: 0 },
  );
}

function streamOf(parts: FirstParts["parts"]): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    start(controller) {
      for (const part of parts) controller.enqueue(part);
      controller.close();
    },
  });
}

function withCost(
  response: Response,
  body: ReadableStream<Uint8Array> | null,
  cost: Finished,
): Response {
  const answer = new Response(body, response);
  for (const [name, value] of Object.entries(costFields(cost))) answer.headers.set(name, value);
  return answer;
}
