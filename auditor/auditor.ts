import type { Hex } from "viem";

import { checkpointDigest } from "@compute-credits/protocol/messages/checkpoint";
import { jsonText } from "@compute-credits/protocol/jsonText";
import { bytea } from "@compute-credits/platform/postgres/values";
import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import type { ChainSource } from "@compute-credits/platform/chain/chainSource";
import type { Database } from "@compute-credits/platform/postgres/database";
import type { CheckpointSigner } from "@compute-credits/platform/chain/signer";
import { indexNextBlocks } from "@compute-credits/platform/chain/indexer";
import type { LogSource, PublishedCut } from "./log/logSource.ts";
import type { Finding } from "./replay/finding.ts";
import { chainStore } from "./store/chainStore.ts";
import { type KeptSignature, lastCut, signedOf } from "./store/cutStore.ts";
import { type AuditTerms, ChainBehind, auditCut } from "./work/auditCut.ts";
import { type WitnessPosition, witness } from "./work/witness.ts";

export interface AuditorDeps {
  readonly database: Database;
  readonly source: LogSource;
  readonly chain: Pick<ChainReader, "deployment" | "isSignedBy" | "signersSince">;
  readonly chainSource: ChainSource;
  /** `null` for an auditor that only watches */
  readonly signer: CheckpointSigner | null;
  readonly terms: AuditTerms;
  readonly onAudited?: (audited: AuditedCheckpoint) => void;
}

export interface AuditedCheckpoint {
  readonly cut: PublishedCut;
  readonly findings: readonly Finding[];
  readonly entries: number;
  readonly milliseconds: number;
}

export interface Auditor {
  /**
   * Reads the chain, checks every checkpoint that was cut since, signs the newest where all could be reproduced, and looks
   * at the log beyond it. Whatever was cut off is taken up by the next call. `done`: there is nothing that it waits for.
   */
  step(): Promise<"done" | "waiting">;
  /** of the checkpoints that could not be reproduced, as it stands */
  findings(): readonly { readonly cut: PublishedCut; readonly findings: readonly Finding[] }[];
  /** the newest checkpoint that could */
  readonly agreed: PublishedCut | null;
}

/** A refused checkpoint is worked through again no more often than this. */
const RECHECK_MS = 30_000;

export function createAuditor(parts: AuditorDeps): Auditor {
  const { database, source, chain, chainSource, signer, terms, onAudited } = parts;
  const book = chainStore(database);
  const refused = new Map<
    bigint,
    { cut: PublishedCut; findings: readonly Finding[]; at: number }
  >();
  let agreed: PublishedCut | null = null;
  let witnessedUpTo: WitnessPosition | null = null;

  async function followChain(): Promise<void> {
    // oxlint-disable-next-line no-await-in-loop -- range after range
    while ((await indexNextBlocks(chainSource, book)) === "more");
  }

  /** One that was refused is looked at again now and then, or as soon as it is another: its server may have mended it. */
  function isSettled(cut: PublishedCut): boolean {
    const before = refused.get(cut.id);
    const isSame = before !== undefined && jsonText(before.cut) === jsonText(cut);
    return isSame && performance.now() - before.at < RECHECK_MS;
  }

  async function check(cut: PublishedCut): Promise<boolean> {
    const begun = performance.now();
    const findings = await auditCut({ database, source, chain, terms }, cut);
    const milliseconds = performance.now() - begun;
    const before = refused.get(cut.id);
    if (findings.length === 0) {
      refused.clear();
      agreed = cut;
    } else {
      refused.set(cut.id, { cut, findings, at: performance.now() });
      if (before === undefined) await keepFindings(cut, findings);
    }
    const isNews = before === undefined || jsonText(before.findings) !== jsonText(findings);
    if (isNews) {
      const [audited] = await database.query<{ entries: bigint }>(
        "select entries from cuts where id = $1",
        [cut.id],
      );
      onAudited?.({ cut, findings, entries: Number(audited?.entries ?? 0n), milliseconds });
    }
    return findings.length === 0;
  }

  async function keepFindings(cut: PublishedCut, findings: readonly Finding[]): Promise<void> {
    await database.query(
      `insert into findings (cut, epoch, body) select $1, $2, finding from jsonb_array_elements($3::jsonb) as finding`,
      [cut.id, cut.message.epoch, jsonText(findings)],
    );
  }

  /** Signs what was reproduced. Kept before it leaves, so that another root of the epoch is never signed beside it. */
  async function sign(cut: PublishedCut, by: CheckpointSigner): Promise<KeptSignature> {
    const kept = await signedOf(database, cut.id);
    if (kept !== null) return kept;
    const { epoch, root } = cut.message;
    const signature = await by.sign(chain.deployment, cut.message);
    await database.query(
      "insert into signatures (cut, epoch, root, signature) values ($1, $2, $3, $4)",
      [cut.id, epoch, bytea(root), bytea(signature)],
    );
    return { cut: cut.id, epoch, root, signature, sent: false };
  }

  async function cosign(cut: PublishedCut): Promise<void> {
    if (signer === null || cut.status !== "prepared") return;
    const { epoch, root, signature, sent } = await sign(cut, signer);
    if (sent) return;
    // A contract wallet's signature is checked by its contract: one that is worth nothing is no help to anybody.
    const digest: Hex = checkpointDigest(chain.deployment, cut.message);
    if (!(await chain.isSignedBy(signer.address, digest, signature))) {
      throw new Error(`${signer.address} cannot sign for the contract: is it the right key?`);
    }
    await source.cosign(epoch, { root, signer: signer.address, signature });
    await database.query("update signatures set sent = true where cut = $1", [cut.id]);
  }

  return {
    get agreed() {
      return agreed;
    },
    findings: () => [...refused.values()],

    async step() {
      await followChain();
      const last = await lastCut(database);
      // The last one again: its signature may not have been sent, and it may be signed no more.
      const cuts = await source.cuts(last === null ? 0n : last.id - 1n);
      try {
        for (const cut of cuts) {
          // oxlint-disable-next-line no-await-in-loop -- each stands on the one before
          if (cut.id === last?.id) agreed = cut;
          // oxlint-disable-next-line no-await-in-loop
          else if (!isSettled(cut)) await check(cut);
        }
      } catch (error) {
        if (error instanceof ChainBehind) return "waiting";
        throw error;
      }
      const newest = cuts.at(-1);
      const isAgreed = newest !== undefined && agreed?.id === newest.id;
      if (isAgreed) await cosign(newest);

      const from = newest ?? null;
      if (witnessedUpTo === null || witnessedUpTo.cut !== (from?.id ?? 0n)) {
        witnessedUpTo = { cut: from?.id ?? 0n, snapshot: from?.snapshot ?? null };
      }
      witnessedUpTo = await witness(database, source, witnessedUpTo);
      return newest === undefined || isAgreed ? "done" : "waiting";
    },
  };
}
