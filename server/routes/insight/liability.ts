import { Router } from "express";
import type { Address } from "viem";

import { getLiability } from "@compute-credits/api/insight/liability";
import type { VaultReader } from "@compute-credits/platform/chain/vaultReader";
import { owedBy, toTokensDown } from "@compute-credits/rules/insight/liability";
import { reconcilePast, vaultBefore } from "@compute-credits/rules/insight/pastVault";
import { askedChain } from "../../http/askedChain.ts";
import { respondCsv, wantsCsv } from "../../http/csv.ts";
import { mount } from "../../http/mount.ts";
import type { Permit } from "../../http/permit.ts";
import { fail } from "../../http/problem.ts";
import type { PastStore } from "../../stores/insight/pastStore.ts";

export interface LiabilityDeps {
  readonly past: PastStore;
  readonly permit: Permit;
  readonly vault: Pick<VaultReader, "totalsAt" | "tokenUnit">;
  readonly token: Address;
  readonly creditMicrosPerToken: bigint;
  /** the database's clock */
  readonly now: () => Promise<Date>;
}

/** `GET /v1/liability`: what was owed at a past moment, compared with the chain. */
export function liabilityRoutes(deps: LiabilityDeps): Router {
  const { past, permit, vault, token, creditMicrosPerToken, now } = deps;
  const router = Router();

  mount(router, getLiability, async ({ req, res, read, answer }) => {
    await permit.check(getLiability, req, {});
    const asked = read().query.asOf;
    const clock = await now();
    const asOf = asked ?? clock;
    if (asOf > clock) {
      throw fail(
        422,
        "as_of_in_future",
        `It is ${clock.toISOString()}: ask for a time before that.`,
      );
    }
    const ledger = await past.before(asOf);
    if (!("since" in ledger)) throw notKept(ledger.begunAt);

    const price = { tokenUnit: await askedChain(vault.tokenUnit()), creditMicrosPerToken };
    const chainNow = await askedChain(vault.totalsAt(ledger.readBlock));
    const chain = vaultBefore(chainNow, ledger.since);
    const { reconciled, comparisons } = reconcilePast(ledger, chain);
    const owed = owedBy(ledger, chain.feesTaken);
    const inBoth = (micros: bigint) => ({ micros, tokens: toTokensDown(micros, price) });
    const amounts = {
      purchased: inBoth(ledger.purchased),
      spent: inBoth(ledger.spent),
      refunded: inBoth(ledger.refunded),
      earned: inBoth(ledger.earned),
      feesTaken: inBoth(chain.feesTaken),
    };
    const liability = {
      unspent: inBoth(owed.unspent),
      refundsDue: inBoth(owed.refundsDue),
      earningsDue: inBoth(owed.earningsDue),
      feesDue: inBoth(owed.feesDue),
      total: inBoth(owed.total),
    };
    const isRight = ledger.addsUp && reconciled;
    if (wantsCsv(req)) {
      const rowsOf = (section: string, all: Readonly<Record<string, typeof liability.total>>) =>
        Object.entries(all).map(([name, { micros, tokens }]) => [section, name, micros, tokens]);
      respondCsv(
        res,
        ["section", "name", "micros", "tokens"],
        [
          ...rowsOf("liability", liability),
          ...rowsOf("total", amounts),
          ["as_of", asOf, null, null],
          ["block", `${ledger.block}`, null, null],
          ["reconciled", isRight ? "yes" : "no", null, null],
        ],
      );
      return null;
    }
    return answer(200, {
      asOf,
      readAt: ledger.readAt,
      block: ledger.block,
      readBlock: ledger.readBlock,
      token,
      liability,
      ...amounts,
      addsUp: ledger.addsUp,
      reconciled: isRight,
      comparisons,
    });
  });

  return router;
}

function notKept(begunAt: Date) {
  return fail(
    422,
    "history_not_kept",
    `The ledger keeps what the chain settled since ${begunAt.toISOString()}. Ask for a later time; ` +
      "an operator can complete the history: npm run reindex -- --from 0.",
    { begunAt: begunAt.toISOString() },
  );
}
