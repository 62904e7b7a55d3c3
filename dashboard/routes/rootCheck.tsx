import type { UseQueryResult } from "@tanstack/react-query";
import type { Hex } from "viem";

import type { ChainAccess } from "../chain/ChainAccess.tsx";
import type { readRoot } from "../chain/rowOnChain.ts";
import { Hash } from "../parts/Hash.tsx";
import type { Check } from "../parts/Verdict.tsx";

/** Compares a root with the one that the chain has. It holds only by what this browser read there. */
export function rootCheck({
  access,
  onChain,
  root,
  epoch,
}: {
  readonly access: ChainAccess | null;
  readonly onChain: UseQueryResult<Awaited<ReturnType<typeof readRoot>>>;
  readonly root: Hex;
  readonly epoch: bigint;
}): Check {
  const id = "root";
  if (access === null) {
    const text =
      "Not compared with the chain: this server lists no endpoint that your browser may ask itself.";
    return { id, result: "not_checked", text };
  }
  const { data, error } = onChain;
  if (error !== null) {
    const text = `Not compared with the chain: ${access.through} answered nothing usable.`;
    return { id, result: "not_checked", text };
  }
  if (data === undefined) {
    return { id, result: "not_yet", text: `Asking ${access.through} for the root …` };
  }
  if (data === null) {
    const text = `The chain has no checkpoint of epoch ${epoch} yet, says ${access.through}.`;
    return { id, result: "not_yet", text };
  }
  if (data.root === root) {
    const stage = data.stage === "submitted" ? "was submitted" : `is ${data.stage}`;
    const text = `Epoch ${epoch} ${stage} on chain with exactly this root, says ${access.through}.`;
    return { id, result: "holds", text };
  }
  return {
    id,
    result: "fails",
    text: (
      <>
        The chain has another root for epoch {`${epoch}`}, <Hash hex={data.root} />: what the server
        shows was not signed.
      </>
    ),
  };
}
