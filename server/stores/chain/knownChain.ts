import type { Address, Hex } from "viem";
import { z } from "zod";

import type { BlockPoint } from "@compute-credits/platform/chain/blockPoint";
import type { Terms } from "@compute-credits/platform/chain/chainReader";
import type { Database } from "@compute-credits/platform/postgres/database";
import { bytea } from "@compute-credits/platform/postgres/values";
import { parseAddress } from "@compute-credits/protocol/address";
import { jsonText } from "@compute-credits/protocol/jsonText";
import type { Deployment } from "@compute-credits/protocol/messages/domain";

/** What never changes of a deployment, and what a server must know of it to meter. */
export interface KnownChain {
  readonly deployment: Deployment;
  readonly court: Address;
  readonly terms: Terms;
  /** the block before the deployment */
  readonly origin: BlockPoint;
}

const micros = z.string().transform(BigInt);
const TermsJson = z.object({
  token: z.custom<Address>((value) => typeof value === "string" && parseAddress(value) !== null),
  creditMicrosPerToken: micros,
  tokenUnit: micros.nullable().default(null),
  maxFeeBps: micros,
  disputeWindowSeconds: z.number(),
  answerWindowSeconds: z.number(),
  refundWindowSeconds: z.number(),
  counterGraceSeconds: z.number(),
  unprovenLimitMicros: micros.nullable(),
}) satisfies z.ZodType<Terms>;

/** Keeps what was read of a deployment that claims this database. */
export async function keepKnownChain(
  database: Database,
  { court, terms, origin }: Omit<KnownChain, "deployment">,
): Promise<void> {
  await database.query(
    `insert into known_chain (court, terms, origin_time) values ($1, $2::jsonb, $3)
     on conflict (only_one) do update
       set court = excluded.court, terms = excluded.terms, origin_time = excluded.origin_time
       where (known_chain.court, known_chain.terms, known_chain.origin_time)
         is distinct from (excluded.court, excluded.terms, excluded.origin_time)`,
    [bytea(court), jsonText(terms), origin.time],
  );
}

/** Reads what an earlier start kept. Returns `null` if there was none. */
export async function readKnownChain(database: Database): Promise<KnownChain | null> {
  const [found] = await database.query<{
    chain_id: bigint;
    contract: Address;
    block_number: bigint;
    block_hash: Hex;
    court: Address;
    terms: unknown;
    origin_time: Date;
  }>(
    `select chain_id, contract, block_number, block_hash, court, terms, origin_time
     from deployment, known_chain`,
  );
  if (found === undefined) return null;
  return {
    deployment: { chainId: Number(found.chain_id), contract: found.contract },
    court: found.court,
    terms: TermsJson.parse(found.terms),
    origin: { number: found.block_number, hash: found.block_hash, time: found.origin_time },
  };
}
