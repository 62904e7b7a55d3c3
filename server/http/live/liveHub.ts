import type { EventBuffer } from "better-sse";
import type { Hex } from "viem";

import { STREAMS } from "@compute-credits/api/bounds";
import {
  type LiveAccount,
  type LiveFeed,
  type LiveReads,
  keyOfParty,
} from "../../stores/live/liveFeed.ts";
import { NOTHING_SENT, covers, windowText } from "../../stores/live/livePosition.ts";
import type { CheckpointPlace } from "./checkpointPlace.ts";
import { type OpenCheckpointStream, checkpointFrames } from "./checkpointStreams.ts";
import { type EventStream, newFrames } from "./eventStream.ts";
import { type ClosingReason, closingData, messagesOf } from "./liveMessages.ts";
import { readMissed } from "./missedEvents.ts";
import {
  type OpenPartyStream,
  type PartyStream,
  type Rest,
  accountFrames,
  accountStates,
  balancesOf,
  messageFrames,
  resetFrames,
  restFrames,
  wantsOf,
} from "./partyStream.ts";

export interface LiveHub {
  /** Sends a party's events until the returned function is called, or the stream ended. */
  watchParty(stream: PartyStream, out: EventStream): () => void;
  /** Sends checkpoints from a place on; `null`: from the newest on. */
  watchCheckpoints(resume: CheckpointPlace | null, out: EventStream): () => void;
  /** false once it stops: no stream may be opened any more */
  readonly isOpen: boolean;
  /** Ends all streams, and tells their readers to connect again. */
  stop(): Promise<void>;
}

export interface LiveHubOptions {
  /** milliseconds from the end of a read to the next, at least */
  readonly pauseMs?: number;
  /** rows of each kind in one read */
  readonly pageRows?: number;
  /** as in `STREAMS` */
  readonly resumableEntries?: number;
  readonly missedEvents?: number;
  readonly heartbeatMs?: number;
  /** for what a read throws; the next one is tried after a pause */
  readonly onError?: (error: unknown) => void;
  readonly now?: () => number;
}

/** So that reads take at most a fifth of one processor of the database, up to a second of delay. */
const REST_PER_READ = 4;
const MAX_PAUSE_MS = 1_000;

/** Streams that begin in one read; those of a restarted server come by the thousand. */
const RESUMED_PER_READ = 20;
const BEGUN_PER_READ = 1_000;

/** Streams that come at about the same time begin with one read. */
const GATHER_MS = 20;

const SUMMARISE_EVERY_MS = 5_000;

/** Where all caught-up streams of this server are. */
interface Place extends Rest {
  /** of a window that was not read to its end; else `null` */
  readonly upTo: string | null;
  /** the log order up to which it was */
  readonly after: bigint;
}

type Open = OpenPartyStream | OpenCheckpointStream;

/**
 * Reads the log once for all streams of this server, a few times a second while there are any, and
 * hands each its own. The place in the log is of the database (`LivePosition`), so any server goes
 * on with a stream of another. Nothing is written for it, and debits do nothing for it
 * (docs/decisions/0130-live-updates-from-snapshots.md).
 */
export function createLiveHub(
  feed: LiveFeed,
  {
    pauseMs = 250,
    pageRows = 5_000,
    resumableEntries = STREAMS.resumableEntries.most,
    missedEvents = STREAMS.missedEvents.most,
    heartbeatMs = STREAMS.heartbeatSeconds.most * 1_000,
    onError = () => undefined,
    now = Date.now,
  }: LiveHubOptions = {},
): LiveHub {
  const waiting = new Set<OpenPartyStream>();
  const joined = new Set<OpenPartyStream>();
  const checkpoints = new Set<OpenCheckpointStream>();
  let place: Place | null = null;
  let running: Promise<void> | null = null;
  let wake: (() => void) | null = null;
  let isOpen = true;
  let summarisedAt = 0;

  const all = (): readonly Open[] => [...waiting, ...joined, ...checkpoints];
  const isIdle = () => waiting.size + joined.size + checkpoints.size === 0;

  function start(): void {
    wake?.();
    running ??= run().finally(() => {
      running = null;
      place = null;
      if (!isIdle()) start();
    });
  }

  async function run(): Promise<void> {
    while (!isIdle()) {
      const startedAt = performance.now();
      endExpired();
      // An outage is over some time: streams stay where they are, and go on then.
      // oxlint-disable-next-line no-await-in-loop -- one read after the other
      await feed.read(step).catch(onError);
      giveSignsOfLife();
      if (now() - summarisedAt > SUMMARISE_EVERY_MS) {
        summarisedAt = now();
        // oxlint-disable-next-line no-await-in-loop
        await feed.summarise();
      }
      const restMs = (performance.now() - startedAt) * REST_PER_READ;
      // oxlint-disable-next-line no-await-in-loop
      await pause(Math.min(Math.max(pauseMs, restMs), MAX_PAUSE_MS));
    }
  }

  /** Waits, but not long if a new stream comes. */
  async function pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    wake = () => void setTimeout(resolve, GATHER_MS);
    await promise;
    clearTimeout(timer);
    wake = null;
  }

  /** Brings all streams to the moment of `reads`. If it fails, each goes on where it is. */
  async function step(reads: LiveReads): Promise<void> {
    await endRevoked(reads);
    for (const { stream, frames } of await checkpointFrames(reads, checkpoints))
      push(stream, frames);
    const at = { since: reads.snapshot, newestOrder: reads.newestOrder };
    if (joined.size > 0 && place !== null) {
      if (!covers(reads.snapshot, place.upTo ?? place.since)) return;
      const isOld = reads.newestOrder - place.newestOrder > BigInt(resumableEntries);
      await (isOld ? resetAll(reads, at) : advance(reads, place));
    }
    place = { ...at, upTo: null, after: BEFORE_ALL };
    await begin(reads, at);
    await resume(reads, at);
  }

  function endExpired(): void {
    for (const stream of [...joined, ...waiting]) {
      const { expiresAt } = stream.credential;
      if (expiresAt !== null && expiresAt.getTime() <= now()) drop(stream, "credentials_ended");
    }
  }

  /** In the same snapshot as the events: nothing is told that was committed after a revocation. */
  async function endRevoked(reads: LiveReads): Promise<void> {
    const streams = [...joined, ...waiting];
    const hashes = {
      sessions: new Set<Hex>(),
      providerKeys: new Set<Hex>(),
      viewKeys: new Set<Hex>(),
    };
    for (const { credential } of streams) {
      const { revocable } = credential;
      if (revocable !== null) hashes[revocable.kind].add(revocable.hash);
    }
    const good = await reads.stillGood({
      sessions: [...hashes.sessions],
      providerKeys: [...hashes.providerKeys],
      viewKeys: [...hashes.viewKeys],
    });
    for (const stream of streams) {
      const { revocable } = stream.credential;
      if (revocable !== null && !good.has(revocable.hash)) drop(stream, "credentials_ended");
    }
  }

  /** Reads what happened since `from` for the streams that are there. */
  async function advance(reads: LiveReads, from: Place): Promise<void> {
    if (from.upTo !== null) await readWindow(reads, { ...from, upTo: from.upTo });
    const since = from.upTo ?? from.since;
    if (since === reads.snapshot) return;
    await readWindow(reads, { ...from, since, upTo: reads.snapshot, after: BEFORE_ALL });
  }

  async function readWindow(
    reads: LiveReads,
    from: Place & { readonly upTo: string },
  ): Promise<void> {
    const { since, upTo } = from;
    const streams = [...joined];
    const wants = wantsOf(streams);
    const keys = new Set(streams.map(({ key }) => key));
    const window = windowText(since, upTo);
    for (let after: bigint | null = from.after; after !== null;) {
      // oxlint-disable-next-line no-await-in-loop -- pages in order
      const page = await reads.page(
        { since, upTo, after, orderThen: from.newestOrder },
        wants,
        pageRows,
      );
      const messages = messagesOf(page, keys);
      for (const stream of streams) {
        push(stream, messageFrames(stream, window, messages.get(stream.key) ?? []));
      }
      after = page.end;
      // If the next read fails, streams go on from here.
      place = { ...from, after: after ?? AFTER_ALL };
    }
    const moved = await reads.moved({ since, upTo }, balancesOf(streams));
    tellAccounts(streams, moved, { since: upTo, newestOrder: reads.newestOrder });
    place = { since: upTo, upTo: null, after: BEFORE_ALL, newestOrder: reads.newestOrder };
  }

  /** Tells new streams the states of now. They go on from here. */
  async function begin(reads: LiveReads, at: Rest): Promise<void> {
    const fresh = [...waiting].filter((stream) => stream.resume === null).slice(0, BEGUN_PER_READ);
    const states = accountStates(await reads.accounts(balancesOf(fresh)));
    for (const stream of fresh) {
      join(stream);
      // Also without a state to tell it gets an id, from which it can be resumed.
      push(stream, accountFrames(stream, states, at) ?? restFrames(stream, at));
    }
  }

  async function resume(reads: LiveReads, at: Rest): Promise<void> {
    const streams = [...waiting].filter((stream) => stream.resume !== null);
    for (const stream of streams.slice(0, RESUMED_PER_READ)) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other, so that none takes all
      await catchUp(reads, stream, at);
    }
  }

  async function catchUp(reads: LiveReads, stream: OpenPartyStream, at: Rest): Promise<void> {
    const from = stream.resume;
    if (from === null) return;
    const isKnown = reads.isKnown(from);
    if (isKnown && !covers(reads.snapshot, from.upTo ?? from.since)) return;
    const isOld = reads.newestOrder - from.order > BigInt(resumableEntries);
    const mayGoOn = isKnown && !isOld;
    const missed = mayGoOn ? await readMissed(reads, stream, { from, most: missedEvents }) : null;
    const accounts = await reads.accounts(balancesOf([stream]));
    // All is read: from here on nothing fails half-way.
    join(stream);
    if (missed === null) {
      push(stream, resetFrames(stream, isKnown ? "too_old" : "unknown_position", at));
    } else {
      for (const { window, messages } of missed) {
        push(stream, messageFrames(stream, window, messages));
      }
    }
    tellAccounts([stream], accounts, at);
    push(stream, restFrames(stream, at));
  }

  function join(stream: OpenPartyStream): void {
    if (waiting.delete(stream)) joined.add(stream);
  }

  /** After an outage of the database in which too much happened through other servers. */
  async function resetAll(reads: LiveReads, at: Rest): Promise<void> {
    const streams = [...joined];
    const accounts = await reads.accounts(balancesOf(streams));
    for (const stream of streams) push(stream, resetFrames(stream, "too_old", at));
    tellAccounts(streams, accounts, at);
  }

  function tellAccounts(
    streams: readonly OpenPartyStream[],
    accounts: readonly LiveAccount[],
    at: Rest,
  ): void {
    const states = accountStates(accounts);
    for (const stream of streams) push(stream, accountFrames(stream, states, at));
  }

  function giveSignsOfLife(): void {
    const before = now() - heartbeatMs;
    for (const stream of all()) {
      if (stream.toldAt > before) continue;
      const hasPlace = "key" in stream && joined.has(stream);
      const rest = hasPlace && place?.upTo === null ? restFrames(stream, place) : null;
      push(stream, rest ?? newFrames().comment("alive").dispatch());
    }
  }

  function push(stream: Open, frames: EventBuffer | null): void {
    if (frames === null) return;
    stream.toldAt = now();
    if (!stream.out.send(frames)) drop(stream, "slow_reader");
  }

  function drop(stream: Open, reason: ClosingReason): void {
    remove(stream);
    stream.out.end(newFrames().event("closing").data(closingData(reason)).dispatch());
  }

  function remove(stream: Open): void {
    if ("key" in stream) {
      waiting.delete(stream);
      joined.delete(stream);
    } else {
      checkpoints.delete(stream);
    }
  }

  return {
    watchParty(stream, out) {
      const sent = stream.resume?.sent ?? NOTHING_SENT;
      const added = { ...stream, key: keyOfParty(stream.party), out, sent, toldAt: now() };
      waiting.add(added);
      start();
      return () => remove(added);
    },

    watchCheckpoints(from, out) {
      const added = { out, place: from, toldAt: now() };
      checkpoints.add(added);
      start();
      return () => remove(added);
    },

    get isOpen() {
      return isOpen;
    },

    async stop() {
      isOpen = false;
      for (const stream of all()) {
        remove(stream);
        const frames = newFrames().retry(retryMs()).dispatch();
        stream.out.end(frames.event("closing").data(closingData("stopping")).dispatch());
      }
      wake?.();
      await running;
    },
  };
}

const BEFORE_ALL = -1n;
const AFTER_ALL = 2n ** 63n - 1n;

/** Readers of a stopped server do not come back all at once. */
function retryMs(): number {
  return 500 + Math.floor(Math.random() * 2_000);
}
