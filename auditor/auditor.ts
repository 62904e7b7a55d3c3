import { jsonText } from "@compute-credits/protocol/jsonText";
import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import type { ChainSource } from "@compute-credits/platform/chain/chainSource";
import type { Database } from "@compute-credits/platform/postgres/database";
import type { CheckpointSigner, ReceiptSigner } from "@compute-credits/platform/chain/signer";
import { indexNextBlocks } from "@compute-credits/platform/chain/indexer";
import { inTurn } from "@compute-credits/platform/process/inTurn";
import type { PublishedSignature } from "@compute-credits/platform/signing/publishedSignatures";
import type { LogSource, PublishedCut } from "./log/logSource.ts";
import type { Finding } from "./replay/finding.ts";
import { createChainStore } from "./store/chainStore.ts";
import { readLastCut, readNewestSignatures } from "./store/cutStore.ts";
import { auditCut } from "./work/auditCut.ts";
import type { AuditTerms } from "./work/auditDeps.ts";
import { cosignCheckpoint } from "./work/cosignCheckpoint.ts";
import { cosignReceipts } from "./work/cosignReceipts.ts";
import { KeptState } from "./work/keptState.ts";
import { RecordedHashes } from "./work/recordedHashes.ts";
import { ChainBehind } from "./work/replayCut.ts";
import { witness } from "./work/witness.ts";

export interface AuditorDeps {
  readonly database: Database;
  readonly source: LogSource;
  readonly chain: Pick<
    ChainReader,
    "deployment" | "isSigner" | "isSignedBy" | "signingOf" | "allowanceSigning" | "signersSince"
  >;
  readonly chainSource: ChainSource;
  /** `null` for an auditor that does not sign */
  readonly signers: AuditorSigners | null;
  readonly terms: AuditTerms;
  /** by default `MAX_RECORDS_IN_MEMORY` */
  readonly recordsInMemory?: number | undefined;
  /** after so long a signature of a checkpoint that still waits is sent again; by default 30 s */
  readonly resendMs?: number;
  readonly onAudited?: (audited: AuditedCheckpoint) => void;
  /** called whenever a part of a step is done: a step that hangs is told from a long one */
  readonly onProgress?: () => void;
}

/** What the auditor's key signs. */
export interface AuditorSigners {
  /** with the key's journal before it */
  readonly checkpoints: CheckpointSigner;
  readonly receipts: ReceiptSigner;
}

/** The result of auditing a checkpoint. */
export interface AuditedCheckpoint {
  readonly cut: PublishedCut;
  /** empty if the checkpoint was reproduced */
  readonly findings: readonly Finding[];
  /** number of log entries in the cut; 0 if it was refused */
  readonly entries: number;
  readonly milliseconds: number;
}

export interface Auditor {
  /**
   * Reads the chain, audits all new checkpoints, signs the newest if it was reproduced, records the
   * log beyond it, and signs the receipts there. The next call resumes an interrupted one. Resolves
   * to "waiting" while the newest checkpoint is refused or the chain is behind.
   */
  step(): Promise<"done" | "waiting">;
  /** the checkpoints that are refused now, with their findings */
  findings(): readonly { readonly cut: PublishedCut; readonly findings: readonly Finding[] }[];
  /** that it has read less of the chain than the server, and since when; `null` if it has not */
  waitsForChain(): WaitsForChain | null;
  /** what is wrong with receipts that it does not sign */
  refusedReceipts(): readonly string[];
  /** its newest signatures of checkpoints, newest first, for other co-signers */
  signatures(): readonly PublishedSignature[];
  /** the newest reproduced checkpoint; `null` before the first since the start */
  readonly agreed: PublishedCut | null;
}

/** A wait for blocks that the server has read already. */
export interface WaitsForChain {
  readonly text: string;
  readonly milliseconds: number;
}

/** The shortest time between two audits of the same refused checkpoint. */
const RECHECK_MS = 30_000;

const RESEND_MS = 30_000;

/** Creates an auditor that follows one metering server. */
export function createAuditor({
  database,
  source,
  chain,
  chainSource,
  signers,
  terms,
  recordsInMemory,
  resendMs = RESEND_MS,
  onAudited,
  onProgress = () => undefined,
}: AuditorDeps): Auditor {
  const store = createChainStore(database);
  const kept = new KeptState();
  const hashes = new RecordedHashes();
  const refused = new Map<
    bigint,
    { cut: PublishedCut; findings: readonly Finding[]; at: number }
  >();
  let agreed: PublishedCut | null = null;
  let sentAt = performance.now();
  let refusedReceipts: readonly string[] = [];
  let waits: { readonly text: string; readonly since: number } | null = null;
  let published: readonly PublishedSignature[] | null = null;

  async function followChain(): Promise<void> {
    // oxlint-disable-next-line no-await-in-loop -- ranges are read in order
    while ((await indexNextBlocks(chainSource, store)) === "more") onProgress();
    onProgress();
  }

  /**
   * Whether a refused checkpoint needs no new audit yet. It is audited again after `RECHECK_MS`, or
   * as soon as it changes, because its server may have corrected it.
   */
  function isStillRefused(cut: PublishedCut): boolean {
    const before = refused.get(cut.id);
    const isSame = before !== undefined && jsonText(before.cut) === jsonText(cut);
    return isSame && performance.now() - before.at < RECHECK_MS;
  }

  async function check(cut: PublishedCut): Promise<boolean> {
    const startedAt = performance.now();
    const findings = await auditCut(
      { database, source, chain, terms, recordsInMemory, kept, hashes, onProgress },
      cut,
    );
    const milliseconds = performance.now() - startedAt;
    const before = refused.get(cut.id);
    if (findings.length === 0) {
      refused.clear();
      agreed = cut;
    } else {
      refused.set(cut.id, { cut, findings, at: performance.now() });
      if (before === undefined) await recordFindings(cut, findings);
    }
    const hasChanged = before === undefined || jsonText(before.findings) !== jsonText(findings);
    if (hasChanged) {
      const [audited] = await database.query<{ entries: bigint }>(
        "select entries from cuts where id = $1",
        [cut.id],
      );
      onAudited?.({ cut, findings, entries: Number(audited?.entries ?? 0n), milliseconds });
    }
    return findings.length === 0;
  }

  async function recordFindings(cut: PublishedCut, findings: readonly Finding[]): Promise<void> {
    await database.query(
      `insert into findings (cut, epoch, body) select $1, $2, finding from jsonb_array_elements($3::jsonb) as finding`,
      [cut.id, cut.message.epoch, jsonText(findings)],
    );
  }

  /** What the auditor signed is read once, and again after each checkpoint that it signs. */
  async function readPublished(): Promise<void> {
    if (signers === null) return;
    published = await readNewestSignatures(database, signers.checkpoints.address);
  }

  async function cosign(cut: PublishedCut): Promise<void> {
    if (signers === null) return;
    const isResendDue = performance.now() - sentAt >= resendMs;
    try {
      const deps = { database, source, chain, signer: signers.checkpoints };
      if (await cosignCheckpoint(deps, cut, isResendDue)) sentAt = performance.now();
    } finally {
      const [newest] = published ?? [];
      if (cut.status === "prepared" && newest?.checkpoint.root !== cut.message.root) {
        await readPublished();
      }
    }
  }

  async function signReceipts(): Promise<void> {
    if (signers === null) return;
    const { deployment } = chain;
    const signer = signers.receipts;
    const isSigner = () => chain.isSigner(signer.address);
    refusedReceipts = await cosignReceipts({
      database,
      source,
      deployment,
      signer,
      isSigner,
      onProgress,
    });
  }

  return {
    waitsForChain: () =>
      waits === null ? null : { text: waits.text, milliseconds: performance.now() - waits.since },
    refusedReceipts: () => refusedReceipts,
    signatures: () => published ?? [],

    get agreed() {
      return agreed;
    },
    findings: () => [...refused.values()],

    async step() {
      if (published === null) await readPublished();
      await followChain();
      const last = await readLastCut(database);
      let newest: PublishedCut | null = null;
      try {
        // Includes the last agreed cut: its signature may not have been sent yet. All pages of cuts
        // come first: what is witnessed beyond the newest belongs to none of them.
        for (let after = last === null ? 0n : last.id - 1n; ;) {
          // oxlint-disable-next-line no-await-in-loop -- each cut builds on the one before
          const cuts = await source.cuts(after);
          for (const cut of cuts) {
            if (cut.id === last?.id) agreed = cut;
            // oxlint-disable-next-line no-await-in-loop
            else if (!isStillRefused(cut)) await check(cut);
          }
          newest = cuts.at(-1) ?? newest;
          if (newest === null || cuts.length === 0) break;
          after = newest.id;
        }
      } catch (error) {
        if (!(error instanceof ChainBehind)) throw error;
        waits = { text: error.message, since: waits?.since ?? performance.now() };
        return "waiting";
      }
      waits = null;
      const isAgreed = newest !== null && agreed?.id === newest.id;
      let isInDoubt = newest !== null;
      // The log is recorded although a signature cannot be made or sent.
      await inTurn([
        async () => {
          if (newest === null || !isAgreed) return;
          await cosign(newest);
          isInDoubt = false;
        },
        async () => {
          await witness({ database, source, hashes, onProgress }, newest);
          if (!isInDoubt) await signReceipts();
        },
      ]);
      return newest === null || isAgreed ? "done" : "waiting";
    },
  };
}
