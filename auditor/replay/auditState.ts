import type { Address, Hex } from "viem";

import type { RefundRequest } from "@compute-credits/rules/accounts/refundRequest";
import type { SpenderId } from "@compute-credits/protocol/messages/spender";
import type { AllowanceMessage } from "@compute-credits/protocol/messages/allowance";
import { type Account, emptyAccount } from "@compute-credits/rules/accounts/account";
import type { Allowance, AllowanceUsage } from "@compute-credits/rules/allowances/allowance";
import type { CampaignRule, ClaimFacts } from "@compute-credits/rules/grants/campaignRule";
import type { Issuer, RegisteredKey } from "@compute-credits/rules/grants/issuer";
import type { LoggedCharge } from "@compute-credits/rules/log/logEntry";
import type { Hold } from "@compute-credits/rules/holds/hold";
import type { MultiplierStep } from "@compute-credits/rules/pricing/multiplier";
import type { TierUse } from "@compute-credits/rules/pricing/pinnedRate";
import type { TierUnits } from "@compute-credits/rules/pricing/tierUnits";
import { tierUseKey } from "@compute-credits/rules/pricing/priceDraft";
import type { RateCard } from "@compute-credits/rules/pricing/rateCard";
import { type RateIndex, indexRates } from "@compute-credits/rules/pricing/rateIndex";
import { eventKey } from "@compute-credits/rules/usage/decideDebits";
import { PairMap } from "./pairMap.ts";

/** An address with all its amounts, as the auditor computes them. */
export interface Party extends Account {
  readonly earned: bigint;
  /** place in the tree; `null` until its first row */
  readonly place: bigint | null;
  /** what the contract recorded of its open refund request; `null` if none is open */
  readonly request: RefundRequest | null;
  /** what its row of the last counting cut before this one charges */
  readonly finalSpent: bigint;
  /** what the same row has earned */
  readonly finalEarned: bigint;
  /** its first debit, and what was spent and not voided on that day; `null` before it */
  readonly firstUse: ClaimFacts["firstUse"];
  /** the first debit that it earned from; `null` before it */
  readonly firstPaidAt: Date | null;
  /** its events recorded until then can no longer be voided; `null` if none was written off */
  readonly writtenOffAt: Date | null;
}

export interface AuditedAllowance extends Allowance {
  /** whether the owner's signature covers this id and scope */
  readonly isSigned: boolean;
}

export interface AuditedAccess {
  readonly createdAt: Date;
  readonly ended: boolean;
}

/** A key that issues grants. A revoked one stays here. */
export interface AuditedIssuingKey extends RegisteredKey {
  /** its owner revoked what it issued, too */
  readonly revokesGrants: boolean;
}

/** A campaign's rule, with who set it. */
export interface AuditedRule extends CampaignRule {
  readonly issuer: Issuer;
}

/** What the log says about a spender and an account. */
export interface AuditedAcceptance {
  readonly accepted: boolean;
  /** when it began to count, or ceased to */
  readonly changedAt: Date;
  /** of the wallet's newest message */
  readonly signedAt: bigint;
  /** an allowance from before acceptances is all there is: no entry was seen */
  readonly isImplied: boolean;
}

/** The promise to a provider by its receipts so far. */
export interface AuditedReceipt {
  readonly earned: bigint;
  readonly epoch: bigint;
  readonly at: Date;
}

export interface AuditedEvent {
  readonly recordedAt: Date;
  /** when its credits were taken; for a capture, when the hold was created */
  readonly takenAt: Date;
  /** of each charge, if extensions of a hold took some of them */
  readonly takenAts?: readonly Date[] | undefined;
  /** the tiered usage that it counted, which a void takes back */
  readonly tierUnits: readonly TierUnits[];
  readonly charges: readonly LoggedCharge[];
  /** the first cut that holds it */
  readonly cut: bigint;
  readonly voided: boolean;
}

export interface AuditedHold extends Hold {
  /** when it was last extended: only then may it get more */
  readonly extendedAt?: Date | undefined;
}

export interface AuditedCard {
  readonly card: RateCard;
  readonly createdAt: Date;
}

/** A spender, and a provider that it gave access to or an account that it accepted. */
export interface SpenderPair {
  readonly spender: SpenderId;
  readonly other: Address;
}

/** Pairs, each once. */
export class SpenderPairs extends PairMap<SpenderId, Address, SpenderPair> {
  add(spender: SpenderId, other: Address): void {
    if (!this.has(spender, other)) this.set(spender, other, { spender, other });
  }
}

/** The name of an account's claim of a campaign's rule. */
export function claimName(campaign: Hex, account: Address): string {
  return `${campaign} ${account}`;
}

export function stepsKey(provider: Address, rateKey: string): string {
  return `${provider}/${rateKey}`;
}

/**
 * The state that replaying a page of the log needs. The caller loads it before (store/loadState.ts)
 * and saves the changes afterwards (store/saveState.ts).
 */
export class AuditState {
  readonly parties = new Map<Address, Party>();
  readonly allowances = new Map<Hex, AuditedAllowance>();
  readonly bySpender = new Map<SpenderId, Set<Hex>>();
  /** by spender and provider */
  readonly access = new PairMap<SpenderId, Address, AuditedAccess>();
  /** by the hash of the key */
  readonly issuingKeys = new Map<Hex, AuditedIssuingKey>();
  /** by campaign */
  readonly rules = new Map<Hex, AuditedRule>();
  /** the grants of claims that their rules allow, by `claimName` */
  readonly claims = new Map<string, Hex>();
  /** on chain, of accounts that claim; `null` if there is none */
  readonly firstPurchases = new Map<Address, ClaimFacts["firstPurchase"]>();
  /** by spender and account */
  readonly acceptances = new PairMap<SpenderId, Address, AuditedAcceptance>();
  /** by `eventKey` */
  readonly events = new Map<string, AuditedEvent>();
  readonly receipts = new Map<Address, AuditedReceipt>();
  /** what the court has on record: micro-credits by counter, of the loaded parties */
  readonly #recordedCaps = new Map<Address, Map<bigint, bigint>>();
  /** by `eventKey` */
  readonly holds = new Map<string, AuditedHold>();
  /** by `tierUseKey` */
  readonly tiers = new Map<string, { use: TierUse; units: bigint }>();
  readonly cards = new Map<number, AuditedCard>();
  /** by `stepsKey`, oldest first */
  readonly steps = new Map<string, MultiplierStep[]>();
  /** spenders whose allowances are all loaded */
  readonly loadedSpenders = new Set<SpenderId>();
  /** loaded spenders whose allowances' campaigns, accounts and acceptances are loaded, too */
  readonly settledSpenders = new Set<SpenderId>();
  rates: RateIndex = new Map();
  /**
   * Whether each account pays its own price. Before that, the first usable allowance's account set
   * the price, even if others paid.
   */
  hasOwnPrices = false;
  /** an acceptance was seen: what is logged later needs one */
  hasAcceptances = false;
  /** the last block whose events were applied */
  appliedBlock = 0n;
  /** what entries `missed_events` of this cut have applied: no event counts twice */
  readonly appliedLate = new Set<string>();

  /** The keys added since they were last saved; not in the database yet. */
  readonly added = { events: new Set<string>(), allowances: new Set<Hex>() };

  /** The keys changed since they were last saved. */
  readonly changed = {
    parties: new Set<Address>(),
    allowances: new Set<Hex>(),
    access: new SpenderPairs(),
    issuingKeys: new Set<Hex>(),
    rules: new Set<Hex>(),
    claims: new Set<string>(),
    acceptances: new SpenderPairs(),
    events: new Set<string>(),
    receipts: new Set<Address>(),
    holds: new Set<string>(),
    tiers: new Set<string>(),
    cards: new Set<number>(),
    steps: new Set<{ name: string; step: MultiplierStep }>(),
  };

  /** The party, or an empty one if it is not known. */
  party(address: Address): Party {
    return (
      this.parties.get(address) ?? {
        ...emptyAccount(address),
        earned: 0n,
        place: null,
        request: null,
        finalSpent: 0n,
        finalEarned: 0n,
        firstUse: null,
        firstPaidAt: null,
        writtenOffAt: null,
      }
    );
  }

  /** The cap that the court has on record for one of the account's counters; 0 without any. */
  recordedCap(account: Address, counter: bigint): bigint {
    return this.#recordedCaps.get(account)?.get(counter) ?? 0n;
  }

  /** Nothing is saved: the caps are loaded again from the chain's events. */
  setRecordedCap(account: Address, counter: bigint, cap: bigint): void {
    const ofAccount = this.#recordedCaps.get(account);
    if (ofAccount === undefined) this.#recordedCaps.set(account, new Map([[counter, cap]]));
    else ofAccount.set(counter, cap);
  }

  setParty(party: Party): void {
    this.parties.set(party.address, party);
    this.changed.parties.add(party.address);
  }

  addAllowance(allowance: AuditedAllowance): void {
    this.loadAllowance(allowance);
    this.added.allowances.add(allowance.id);
  }

  /** Changes the usage of a known allowance, or revokes it. */
  changeAllowance(
    allowance: AuditedAllowance,
    change: Partial<Pick<AuditedAllowance, "usage" | "revokedAt">>,
  ): void {
    const { id } = allowance;
    this.allowances.set(id, { ...allowance, ...change });
    if (!this.added.allowances.has(id)) this.changed.allowances.add(id);
  }

  /** Adds a stored allowance, which does not count as a change. */
  loadAllowance(allowance: AuditedAllowance): void {
    this.allowances.set(allowance.id, allowance);
    const { spender } = allowance.message;
    this.settledSpenders.delete(spender);
    const ofSpender = this.bySpender.get(spender);
    if (ofSpender === undefined) this.bySpender.set(spender, new Set([allowance.id]));
    else ofSpender.add(allowance.id);
  }

  setUsage(id: Hex, usage: AllowanceUsage): void {
    const allowance = this.allowances.get(id);
    if (allowance !== undefined) this.changeAllowance(allowance, { usage });
  }

  ofSpender(spender: SpenderId): readonly AuditedAllowance[] {
    const found: AuditedAllowance[] = [];
    for (const id of this.bySpender.get(spender) ?? []) {
      const allowance = this.allowances.get(id);
      if (allowance !== undefined) found.push(allowance);
    }
    return found;
  }

  /** The campaigns of the grants among these allowances. */
  campaignsOf(allowances: readonly Allowance[]): readonly AuditedAllowance[] {
    // Most allowances are no grants, and every debit asks.
    if (allowances.every(({ campaign }) => campaign === null)) return [];
    const ids = new Set(allowances.flatMap(({ campaign }) => campaign ?? []));
    return [...ids].flatMap((id) => this.allowances.get(id) ?? []);
  }

  setAccess(spender: SpenderId, provider: Address, access: AuditedAccess): void {
    this.access.set(spender, provider, access);
    this.changed.access.add(spender, provider);
  }

  setIssuingKey(keyHash: Hex, key: AuditedIssuingKey): void {
    this.issuingKeys.set(keyHash, key);
    this.changed.issuingKeys.add(keyHash);
  }

  setRule(campaign: Hex, rule: AuditedRule): void {
    this.rules.set(campaign, rule);
    this.changed.rules.add(campaign);
  }

  setClaim(name: string, grant: Hex): void {
    this.claims.set(name, grant);
    this.changed.claims.add(name);
  }

  acceptance({ spender, account }: AllowanceMessage): AuditedAcceptance | undefined {
    return this.acceptances.get(spender, account);
  }

  setAcceptance(spender: SpenderId, account: Address, acceptance: AuditedAcceptance): void {
    this.acceptances.set(spender, account, acceptance);
    this.changed.acceptances.add(spender, account);
  }

  setEvent(name: string, event: AuditedEvent): void {
    const isStored = this.events.has(name) && !this.added.events.has(name);
    this.events.set(name, event);
    if (isStored) this.changed.events.add(name);
    else this.added.events.add(name);
  }

  setReceipt(provider: Address, receipt: AuditedReceipt): void {
    this.receipts.set(provider, receipt);
    this.changed.receipts.add(provider);
  }

  setHold(hold: AuditedHold): void {
    const name = eventKey(hold);
    this.holds.set(name, hold);
    this.changed.holds.add(name);
  }

  usedUnits(use: TierUse): bigint {
    return this.tiers.get(tierUseKey(use))?.units ?? 0n;
  }

  addUnits(use: TierUse, units: bigint): void {
    const key = tierUseKey(use);
    this.tiers.set(key, { use, units: this.usedUnits(use) + units });
    this.changed.tiers.add(key);
  }

  addCard(audited: AuditedCard): void {
    this.loadCards([audited]);
    this.changed.cards.add(audited.card.version);
  }

  /** Adds stored cards, which do not count as changes. */
  loadCards(audited: readonly AuditedCard[]): void {
    for (const one of audited) this.cards.set(one.card.version, one);
    this.rates = indexRates(
      audited.map(({ card }) => card),
      this.rates,
    );
  }

  addStep(name: string, step: MultiplierStep): void {
    const ofRate = this.steps.get(name);
    if (ofRate === undefined) this.steps.set(name, [step]);
    else ofRate.push(step);
    this.changed.steps.add({ name, step });
  }

  /** The step of a multiplier in force at a time; `null` before the first. */
  stepAt(name: string, at: Date): MultiplierStep | null {
    return this.steps.get(name)?.findLast(({ effectiveFrom }) => effectiveFrom <= at) ?? null;
  }

  /** The number of entries that `evict` drops. */
  get size(): number {
    const { parties, allowances, access, issuingKeys, acceptances, receipts, holds, tiers } = this;
    const { rules, claims } = this;
    const named = [parties, allowances, access, issuingKeys, acceptances, receipts, holds, tiers];
    const all = [...named, rules, claims];
    return all.reduce((sum, { size }) => sum + size, 0);
  }

  /** Frees memory: drops the events, which can be loaded again, except these. */
  evictEvents(kept: ReadonlySet<string>): void {
    if (kept.size === 0) this.events.clear();
    else for (const name of this.events.keys()) if (!kept.has(name)) this.events.delete(name);
  }

  /** The names of new and of changed events, which do not count as such from now on. */
  takeEvents(): { added: readonly string[]; changed: readonly string[] } {
    const taken = { added: [...this.added.events], changed: [...this.changed.events] };
    this.added.events.clear();
    this.changed.events.clear();
    return taken;
  }

  /** Frees memory: drops all saved entries that can be loaded again. */
  evict(): void {
    this.parties.clear();
    this.#recordedCaps.clear();
    this.allowances.clear();
    this.bySpender.clear();
    this.loadedSpenders.clear();
    this.settledSpenders.clear();
    this.access.clear();
    this.issuingKeys.clear();
    this.rules.clear();
    this.claims.clear();
    this.firstPurchases.clear();
    this.acceptances.clear();
    this.receipts.clear();
    this.holds.clear();
    this.tiers.clear();
  }

  /**
   * Keeps for the next cut what only entries of the log change: allowances, accesses, acceptances,
   * issuing keys and rules. The rest also depends on the time, on the chain, or on which cuts count, so it
   * is loaded again. All changes must be saved.
   */
  forgetCut(): void {
    const { parties, events, receipts, holds, tiers, cards, steps, settledSpenders } = this;
    const loadedPerCut = [parties, events, receipts, holds, tiers, cards, steps, settledSpenders];
    const alsoOfChain = [this.#recordedCaps, this.appliedLate, this.firstPurchases];
    for (const each of [...loadedPerCut, ...alsoOfChain]) each.clear();
    this.rates = new Map();
  }

  clearChanges(): void {
    this.added.allowances.clear();
    for (const set of Object.values(this.changed)) set.clear();
  }
}
