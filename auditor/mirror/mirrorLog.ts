import { type Address, isAddressEqual, recoverTypedDataAddress } from "viem";
import { z } from "zod";

import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import { SignerSignatureJson } from "@compute-credits/protocol/json/checkpoint";
import { logHeadTypedData } from "@compute-credits/protocol/messages/logHead";
import type { LogSegment } from "@compute-credits/rules/log/logChain";
import type { AskLog } from "../log/logClient.ts";
import {
  type MirrorFolder,
  MirrorMismatch,
  SegmentJson,
  type SignedHead,
  requireSuccession,
} from "./mirrorFolder.ts";

const PublishedJson = SegmentJson.extend({ signatures: z.array(SignerSignatureJson) });
type PublishedSegment = z.output<typeof PublishedJson>;
const Segments = z.object({ segments: z.array(PublishedJson) });
/** Entries stay as they were sent, so that a copy keeps also what this program does not know. */
const Page = z.object({ entries: z.array(z.looseObject({})), nextCursor: z.string().nullable() });

export interface MirrorDeps {
  readonly ask: AskLog;
  readonly folder: MirrorFolder;
  readonly chain: Pick<ChainReader, "deployment" | "isSigner">;
}

/** How far a copy is. */
export interface Mirrored {
  /** the last segment; 0 for an empty copy */
  readonly upTo: bigint;
  /** the last segment whose head a present signer has signed: all before it is vouched for */
  readonly signedUpTo: bigint;
}

/**
 * Copies all segments that the server has published since the last call. Rejects with
 * `MirrorMismatch` if the server shows another history than the copy has: then keep the copy.
 */
export async function mirrorLog({ ask, folder, chain }: MirrorDeps): Promise<Mirrored> {
  for (;;) {
    const last = folder.last();
    // Asks for the last one again: to see that it is still the same, and who has signed it since.
    const after = (last?.number ?? 1n) - 1n;
    // oxlint-disable-next-line no-await-in-loop -- pages of a list in order
    const { segments } = await ask(
      `/v1/log/segments?after=${after}&limit=${PER_REQUEST}`,
      Segments,
    );
    if (last !== null && segments[0]?.head !== last.head) {
      // oxlint-disable-next-line no-await-in-loop -- the last round
      await tellWhatIsGone(ask, folder, last);
      throw new MirrorMismatch(
        `the server does not have segment ${last.number} as this copy does: ` +
          "its database went back, or its log was changed. Keep the copy",
      );
    }
    for (const { signatures: _, ...segment } of last === null ? segments : segments.slice(1)) {
      requireSuccession(folder.last(), segment);
      // oxlint-disable-next-line no-await-in-loop
      await folder.add(segment, pagesOf(ask, segment));
    }
    // oxlint-disable-next-line no-await-in-loop
    await folder.addHeads(await signedHeads(segments, chain));
    if (segments.length < PER_REQUEST) return await describeMirror(folder, chain);
  }
}

const Told = z.unknown();

/**
 * Tells the server the newest transaction of the copy: a server whose log lacks it stops metering
 * (docs/recovery.md). What it answers changes nothing here.
 */
async function tellWhatIsGone(
  ask: AskLog,
  folder: MirrorFolder,
  { number, upTo }: LogSegment,
): Promise<void> {
  let seen = 0n;
  for await (const entry of folder.entries(number)) {
    const { transaction } = Placed.parse(entry);
    if (transaction > seen) seen = transaction;
  }
  const query = new URLSearchParams({ since: upTo, upTo, seen: `${seen}`, limit: "1" });
  await ask(`/v1/log?${query.toString()}`, Told).catch(() => undefined);
}

const Placed = z.looseObject({ transaction: z.string().transform(BigInt) });

/** Says how far a copy is, by its files and the present signers. */
export async function describeMirror(
  folder: MirrorFolder,
  chain: Pick<MirrorDeps["chain"], "isSigner">,
): Promise<Mirrored> {
  let signedUpTo = 0n;
  for (const { segment, signer } of folder.heads()) {
    // oxlint-disable-next-line no-await-in-loop -- a handful of signers
    if (segment > signedUpTo && (await chain.isSigner(signer))) signedUpTo = segment;
  }
  return { upTo: folder.last()?.number ?? 0n, signedUpTo };
}

const PER_REQUEST = 1_000;

async function* pagesOf(
  ask: AskLog,
  { since, upTo }: LogSegment,
): AsyncIterable<readonly object[]> {
  let cursor: string | null = null;
  do {
    const query = new URLSearchParams({ upTo });
    if (since !== null) query.set("since", since);
    if (cursor !== null) query.set("after", cursor);
    // oxlint-disable-next-line no-await-in-loop -- each page names the next
    const page: z.output<typeof Page> = await ask(`/v1/log?${query.toString()}`, Page);
    yield page.entries;
    cursor = page.nextCursor;
  } while (cursor !== null);
}

/** The heads with a valid signature of a present signer. */
async function signedHeads(
  segments: readonly PublishedSegment[],
  { deployment, isSigner }: MirrorDeps["chain"],
): Promise<readonly SignedHead[]> {
  const signed: SignedHead[] = [];
  for (const { number: segment, head, signatures } of segments) {
    for (const { signer, signature } of signatures) {
      // oxlint-disable-next-line no-await-in-loop -- a handful for each
      const by = await recoverTypedDataAddress({
        ...logHeadTypedData(deployment, { segment, head }),
        signature,
      }).catch((): Address | null => null);
      if (by === null || !isAddressEqual(by, signer)) continue;
      // oxlint-disable-next-line no-await-in-loop
      if (await isSigner(signer)) signed.push({ segment, head, signer, signature });
    }
  }
  return signed;
}
