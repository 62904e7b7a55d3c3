import type { Address } from "viem";

import type { Database } from "@compute-credits/platform/postgres/database";
import type { CardProposal } from "@compute-credits/rules/pricing/publication";
import { createRateCardStore } from "../server/stores/pricing/postgresRateCardStore.ts";
import { type SimulatedCard, operatorCards, providerRates } from "./cards.ts";
import { PUBLICATION_RULES } from "./limits.ts";

/** Seconds until a provider's second card takes effect: during its lane's run. */
const SECOND_CARD_SECONDS = 4;

/** Publishes the operator's cards. Their dates count from `start`. */
export async function publishOperatorCards(
  database: Database,
  start: Date,
): Promise<SimulatedCard[]> {
  const cards: SimulatedCard[] = [];
  for (const card of operatorCards(start)) {
    // oxlint-disable-next-line no-await-in-loop -- versions are consecutive
    cards.push(await publish(database, { provider: null, ...card }));
  }
  return cards;
}

/** Publishes a provider's own cards: one for now, and one that changes prices during the run. */
export async function publishProviderCards(
  database: Database,
  provider: Address,
): Promise<SimulatedCard[]> {
  const now = { provider, effectiveFrom: null, rates: providerRates(1n) };
  const first = await publish(database, now);
  const effectiveFrom = new Date(Date.now() + SECOND_CARD_SECONDS * 1000);
  const second = await publish(database, { provider, effectiveFrom, rates: providerRates(2n) });
  return [first, second];
}

async function publish(database: Database, proposal: CardProposal): Promise<SimulatedCard> {
  const outcome = await createRateCardStore(database, PUBLICATION_RULES).publish(proposal);
  if (outcome.published === "refused") {
    // On a slow machine the date may have passed: then the card takes effect at once.
    if (proposal.effectiveFrom !== null && outcome.refusal.reason === "effective_from_too_soon") {
      return await publish(database, { ...proposal, effectiveFrom: null });
    }
    throw new Error("a card was refused", { cause: outcome });
  }
  const { version, effectiveFrom, rates } = outcome.card;
  return { version, provider: proposal.provider, effectiveFrom, rates };
}
