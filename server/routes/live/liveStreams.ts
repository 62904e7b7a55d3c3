import { type Request, type Response, Router } from "express";

import { STREAMS } from "@compute-credits/api/bounds";
import { LIVE_KINDS, type LiveEventName } from "@compute-credits/api/live/liveEvents";
import {
  watchAccount,
  watchCheckpoints,
  watchProvider,
  watchSpender,
} from "@compute-credits/api/live/liveStreams";
import type { AddressList } from "@compute-credits/platform/process/addressList";
import { parseCheckpointPlace } from "../../http/live/checkpointPlace.ts";
import { type EventStream, openEventStream } from "../../http/live/eventStream.ts";
import type { LiveHub } from "../../http/live/liveHub.ts";
import type { StreamBounds } from "../../http/live/streamBounds.ts";
import { type StreamCaller, streamCaller } from "../../http/live/streamCaller.ts";
import { type Answer, mount } from "../../http/mount.ts";
import { type Origins, checkStreamsOrigin } from "../../http/origins.ts";
import type { Permit } from "../../http/permit.ts";
import type { Identify } from "../../http/principal.ts";
import { fail } from "../../http/problem.ts";
import type { LiveParty } from "../../stores/live/liveFeed.ts";
import { parsePosition } from "../../stores/live/livePosition.ts";

export interface LiveStreamDeps {
  readonly hub: LiveHub;
  readonly bounds: StreamBounds;
  readonly permit: Permit;
  readonly identify: Identify;
  readonly origins: Pick<Origins, "isAllowed">;
  readonly isTrustedProxy: AddressList;
}

/** Before a client connects again by itself, if the connection breaks. */
const RETRY_MS = 2_000;

/** Streams of events. Credentials are checked before the stream begins, and go on being checked. */
export function liveStreamRoutes(deps: LiveStreamDeps): Router {
  const { hub, permit } = deps;
  const router = Router();

  mount(router, watchAccount, async ({ req, res, read }) => {
    const { params } = read();
    checkStreamsOrigin(req, deps.origins);
    await permit.check(watchAccount, req, { account: params.address });
    const { query } = read();
    const party = { role: "account", address: params.address } as const;
    return await watch(req, res, party, query.kinds ?? LIVE_KINDS.account);
  });

  mount(router, watchProvider, async ({ req, res, read }) => {
    const { params } = read();
    checkStreamsOrigin(req, deps.origins);
    await permit.check(watchProvider, req, { provider: params.address });
    const { query } = read();
    const party = { role: "provider", address: params.address } as const;
    return await watch(req, res, party, query.kinds ?? LIVE_KINDS.provider);
  });

  mount(router, watchSpender, async ({ req, res, read }) => {
    const { params } = read();
    checkStreamsOrigin(req, deps.origins);
    await permit.check(watchSpender, req, { spender: params.spender });
    const { query } = read();
    const party = { role: "spender", spender: params.spender } as const;
    return await watch(req, res, party, query.kinds ?? LIVE_KINDS.spender);
  });

  mount(router, watchCheckpoints, async ({ req, res }) => {
    const resume = resumeOf(req, parseCheckpointPlace);
    // Public: credentials make no difference, not even wrong ones.
    const caller = streamCaller({ kind: "anyone" }, req, deps.isTrustedProxy);
    return await open(req, res, { caller, begin: (out) => hub.watchCheckpoints(resume, out) });
  });

  async function watch(
    req: Request,
    res: Response,
    party: LiveParty,
    kinds: readonly LiveEventName[],
  ): Promise<Answer> {
    const resume = resumeOf(req, parsePosition);
    const caller = streamCaller(await deps.identify(req), req, deps.isTrustedProxy);
    const { credential } = caller;
    const stream = { party, kinds: new Set(kinds), credential, resume };
    return await open(req, res, { caller, begin: (out) => hub.watchParty(stream, out) });
  }

  async function open(
    req: Request,
    res: Response,
    {
      caller,
      begin,
    }: { readonly caller: StreamCaller; readonly begin: (out: EventStream) => () => void },
  ): Promise<Answer> {
    if (!hub.isOpen) {
      throw fail(503, "too_many_streams", "This server stops. Connect again to another one.");
    }
    if (req.method === "HEAD") {
      res.status(200).type("text/event-stream").end();
      return null;
    }
    const giveBack = deps.bounds.take(caller.key);
    let leave: (() => void) | null = null;
    try {
      const out = await openEventStream(req, res, {
        retryMs: RETRY_MS,
        pendingBytes: STREAMS.pendingBytes.most,
        onClose: () => {
          leave?.();
          giveBack();
        },
      });
      if (out.isOpen) leave = begin(out);
    } catch (error) {
      giveBack();
      throw error;
    }
    return null;
  }

  return router;
}

/** The place in `Last-Event-ID`; `null` without one. Throws a 400 for any other text. */
function resumeOf<Place>(req: Request, parse: (text: string) => Place | null): Place | null {
  const text = req.get("last-event-id") ?? "";
  if (text === "") return null;
  const place = parse(text);
  if (place !== null) return place;
  throw fail(
    400,
    "invalid_event_id",
    "Last-Event-ID is none that this kind of stream sends. Connect without it, and read what you " +
      "show anew.",
  );
}
