import { STREAMS } from "@compute-credits/api/bounds";
import { fail } from "../problem.ts";

/** Counts open streams, of each caller and in all. */
export interface StreamBounds {
  /**
   * Takes a place for a caller's stream, and returns what gives it back. Throws a 429 if the caller
   * has as many as it may, and a 503 if the server does.
   */
  take(caller: string): () => void;
}

export function createStreamBounds({
  perCaller = STREAMS.perCaller.most,
  perServer = STREAMS.perServer.most,
}: { readonly perCaller?: number; readonly perServer?: number } = {}): StreamBounds {
  const open = new Map<string, number>();
  let all = 0;
  return {
    take(caller) {
      const count = open.get(caller) ?? 0;
      if (count >= perCaller) {
        throw fail(
          429,
          "too_many_streams",
          `A caller has at most ${perCaller} open streams. End one, then connect again.`,
          { limit: perCaller },
        );
      }
      if (all >= perServer) {
        throw fail(
          503,
          "too_many_streams",
          `This server has as many streams as it may, ${perServer}. Connect again later.`,
          { limit: perServer },
        );
      }
      open.set(caller, count + 1);
      all++;
      let isTaken = true;
      return () => {
        if (!isTaken) return;
        isTaken = false;
        all--;
        const left = (open.get(caller) ?? 1) - 1;
        if (left === 0) open.delete(caller);
        else open.set(caller, left);
      };
    },
  };
}
