import type { Logger } from "pino";
import type { Hex } from "viem";

import { createSigner } from "@compute-credits/platform/chain/createSigner";
import { openSigningJournal } from "@compute-credits/platform/signing/signingJournal";
import type { Config } from "../../config.ts";
import type { Context } from "../../context.ts";
import { createPositionFile } from "../../positionFile.ts";
import { type LedgerWatch, createLedgerWatch } from "./ledgerWatch.ts";

/** Wires the watch of a server's ledger. */
export function openLedgerWatch(
  { journalFolder, settlement, pollMs }: Config,
  { chain, positions, acknowledged, checkpoints, gate }: Context,
  { origin, log }: { readonly origin: Hex; readonly log: Logger },
): LedgerWatch {
  const { chainId, contract } = chain.deployment;
  const journals = (settlement?.signers ?? []).map((location) => {
    const { address } = createSigner(location);
    return openSigningJournal(journalFolder, { address, chainId, contract, origin });
  });
  return createLedgerWatch({
    positions,
    acknowledged,
    file: createPositionFile(journalFolder, { chainId, contract, origin }),
    checkpoints,
    chain,
    chainPauseMs: pollMs,
    journals,
    gate,
    log,
  });
}
