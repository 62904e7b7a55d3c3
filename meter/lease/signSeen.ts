import { type Hex, isAddress } from "viem";
import { privateKeyToAccount } from "viem/accounts";

import { createApi } from "@compute-credits/client/http/api";
import { readDeployment } from "@compute-credits/client/deployment/readDeployment";
import { type MeterEvidence, signEvidence } from "@compute-credits/client/wallet/usageEvidence";
import type { SignedEvidence } from "@compute-credits/protocol/json/evidence";
import type { Deployment } from "@compute-credits/protocol/messages/domain";
import type { Seen } from "./ledger.ts";

/** One event of which the machine showed something. */
export interface SeenEvent {
  readonly provider: string;
  readonly eventId: string;
  readonly quantity: bigint;
  readonly seen: Seen | undefined;
}

/** Signs what the machine showed; `null` if that is nothing. */
export type SignSeen = (event: SeenEvent) => Promise<SignedEvidence | null>;

/** Signs with a meter's own key, for the contract that the server names. */
export function createSignSeen(server: string, key: Hex): SignSeen {
  const meter = privateKeyToAccount(key);
  const api = createApi(server);
  let deployment: Promise<Deployment> | null = null;

  async function knownDeployment(): Promise<Deployment> {
    deployment ??= readDeployment(api).then(({ domain }) => ({
      chainId: domain.chainId,
      contract: domain.verifyingContract,
    }));
    try {
      return await deployment;
    } catch (error) {
      deployment = null;
      throw error;
    }
  }

  return async ({ provider, eventId, quantity, seen }) => {
    const evidence = evidenceOf(seen ?? {});
    if (evidence === null || !isAddress(provider, { strict: false })) return null;
    const event = { provider, eventId, quantity };
    return await signEvidence(meter, await knownDeployment(), event, evidence);
  };
}

/** Of GPUs: utilisation in percent, and the counter of their energy. */
function evidenceOf(seen: Seen): MeterEvidence | null {
  const percent = Number(seen["utilisation_percent"] ?? Number.NaN);
  const energy = seen["energy_millijoules"];
  const evidence: MeterEvidence = {
    ...(percent >= 0 && percent <= 100 ? { utilisationBps: Math.round(percent * 100) } : {}),
    ...(energy !== undefined && /^\d{1,18}$/.test(energy)
      ? { energyCounterMillijoules: BigInt(energy) }
      : {}),
  };
  return Object.keys(evidence).length === 0 ? null : evidence;
}
