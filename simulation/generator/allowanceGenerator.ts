import { type Address, type Hex, keccak256, maxUint64, toHex } from "viem";

import {
  type AllowanceMessage,
  type Scope,
  allowanceId,
  scopeHash,
} from "@compute-credits/protocol/messages/allowance";
import { calendarMonths } from "@compute-credits/protocol/messages/period";
import {
  ANY_CAMPAIGN,
  type IssuingKeyMessage,
} from "@compute-credits/protocol/messages/issuingKey";
import {
  apiKeySpender,
  spenderWallet,
  walletSpender,
} from "@compute-credits/protocol/messages/spender";
import type { AcceptanceProof } from "@compute-credits/rules/acceptances/acceptance";
import type { GrantRequest } from "@compute-credits/rules/grants/grant";
import type { NewCode } from "../../server/stores/allowances/grantStore.ts";
import type { SignedAllowance } from "../../server/stores/allowances/allowanceStore.ts";
import { redemptionKey } from "../model/keyOf.ts";
import type { Operation } from "../operations.ts";
import { DEPLOYMENT, type Parties, SIGNED_BY_CONTRACT } from "../parties.ts";
import type { Random } from "../random.ts";

const NO_SCOPE: Scope = { providers: [], meters: [] };
/** These bound what each debit has to read. */
const MAX_CAMPAIGNS = 3;
const MAX_GRANTS = 14;
const MAX_ADDED = 40;
const MAX_CODES = 6;
/** A lifetime beyond the year 9999, which ends with the campaign. */
const FAR_SECONDS = 253_402_300_799n;
/** Of a lane: fewer than the ledger's bound for one account. */
const MAX_KEYS = 6;

/** Allowances, campaigns, grants and their revocations of one lane. */
export class AllowanceGenerator {
  readonly #parties: Parties;
  readonly #lane: string;
  readonly #startSeconds: bigint;
  readonly #random: Random;
  readonly #counters = new Map<Address, bigint>();
  readonly #allowances: SignedAllowance[] = [];
  readonly #campaigns: SignedAllowance[] = [];
  readonly #issuingKeys: IssuingKeyMessage[] = [];
  readonly #grants: { campaign: Hex; grant: GrantRequest }[] = [];
  readonly #codes: { campaign: Hex; code: NewCode }[] = [];
  #salt = 0;
  #messages = 0;

  constructor(parties: Parties, lane: string, start: Date, random: Random) {
    this.#parties = parties;
    this.#lane = lane;
    this.#startSeconds = BigInt(Math.floor(start.getTime() / 1000));
    this.#random = random;
  }

  spender(): Hex {
    return this.#random.pick(this.#parties.spenders);
  }

  /** Adds an allowance with this content. Missing fields get defaults or are random. */
  allow(content: Partial<AllowanceMessage>, scope: Scope = NO_SCOPE): Operation {
    return this.#allowed(this.#sign(content, scope), 100);
  }

  /** Adds a random allowance, or now and then an existing one again. */
  addAllowance(): Operation {
    const random = this.#random;
    const existing = this.#allowances.at(-random.between(1, 10));
    if (existing !== undefined && (this.#salt > MAX_ADDED || random.chance(10))) {
      return this.#allowed(existing, 50);
    }
    const startSeconds = this.#startSeconds;
    const { providers } = this.#parties;
    const limit = BigInt(random.between(0, 40_000));
    const period = random.pick([0n, 0n, 1n, 1n, 2n, 5n, 3_600n, calendarMonths(1)]);
    return this.#allowed(
      this.#sign(
        {
          limit: random.chance(20) ? maxUint64 : limit,
          period,
          rollover: random.pick([0n, 0n, limit / 2n, limit * 3n]),
          startsAt:
            period > maxUint64 / 2n
              ? monthBefore(startSeconds + BigInt(random.between(1, 20)))
              : random.chance(85)
                ? startSeconds
                : startSeconds + BigInt(random.between(1, 6)),
          expiresAt: random.chance(70) ? 0n : startSeconds + BigInt(random.between(1, 20)),
          priority: random.between(0, 3),
          accountCap: random.chance(85) ? maxUint64 : BigInt(random.between(1_000, 500_000)),
        },
        random.pick([
          NO_SCOPE,
          NO_SCOPE,
          { providers: [random.pick(providers)], meters: [] },
          { providers: [], meters: ["requests", "gpu.seconds"] },
          { providers: [...providers], meters: ["llm.tokens"] },
        ]),
      ),
      80,
    );
  }

  /**
   * Lets the spender of a recent allowance accept the account, or end that; `null` if there is no
   * allowance. Some messages of wallets are as old as an earlier one.
   */
  accept(): Operation | null {
    const random = this.#random;
    const existing = this.#allowances.at(-random.between(1, 12));
    if (existing === undefined) return null;
    const { spender, account } = existing.message;
    const proof = this.#proofOf(spender);
    return { kind: "accept", change: { spender, account, accepted: random.chance(75), proof } };
  }

  /** A key speaks for itself. A wallet's message may be as old as an earlier one. */
  #proofOf(spender: Hex): AcceptanceProof {
    const random = this.#random;
    const count = random.chance(80) ? ++this.#messages : random.between(0, this.#messages);
    const signedAt = 1_000n * this.#startSeconds + BigInt(count);
    return spenderWallet(spender) === null
      ? { how: "key" }
      : { how: "wallet", signature: "0x00", signedAt };
  }

  /** Posts an allowance; a key accepts with it in so many of 100 cases. */
  #allowed(signed: SignedAllowance, chance: number): Operation {
    const { spender, account } = signed.message;
    const wallet = spenderWallet(spender);
    if (wallet === null) {
      const proof = this.#random.chance(chance) ? ({ how: "key" } as const) : null;
      return { kind: "allow", signed, proof };
    }
    return { kind: "allow", signed, proof: wallet === account ? { how: "own" } : null };
  }

  /** Revokes a recent allowance; `null` if there is none. */
  revoke(): Operation | null {
    const existing = this.#allowances.at(-this.#random.between(1, 12));
    return existing === undefined ? null : { kind: "revoke", id: existing.id };
  }

  /** Returns the raised counter of an account. All its earlier allowances become void. */
  raiseCounter(account: Address): bigint {
    const counter = this.counterOf(account) + 1n;
    this.#counters.set(account, counter);
    return counter;
  }

  /** Issues grants of one of the lane's campaigns: new ones, repetitions and conflicts. */
  issue(): Operation {
    const random = this.#random;
    const campaign = this.#campaigns.at(-random.between(1, MAX_CAMPAIGNS));
    if (campaign === undefined || (this.#campaigns.length < MAX_CAMPAIGNS && random.chance(10))) {
      return this.#addCampaign();
    }
    if (random.chance(15)) return this.#changeIssuingKeys(campaign);
    const grants = Array.from({ length: random.between(1, 4) }, () => this.#grant(campaign));
    return { kind: "issue", campaign: campaign.id, grants, issuer: this.#issuer(campaign) };
  }

  /** Usually the owner or a key of the account; the key may be revoked, void or another's. */
  #issuer({ message }: SignedAllowance): Hex {
    const random = this.#random;
    const { account } = message;
    const keys = this.#issuingKeys.filter((key) => random.chance(10) || key.account === account);
    const key = keys.at(-random.between(1, 2));
    if (key !== undefined && random.chance(70)) return key.keyHash;
    return walletSpender(random.chance(90) ? account : random.pick(this.#parties.accounts));
  }

  /** Registers an issuing key, again now and then, or revokes one. */
  #changeIssuingKeys({ id, message: { account } }: SignedAllowance): Operation {
    const random = this.#random;
    const known = this.#issuingKeys.at(-random.between(1, 2));
    if (known !== undefined && random.chance(30)) {
      return { kind: "endIssuingKey", account: known.account, keyHash: known.keyHash };
    }
    if (known !== undefined && (random.chance(20) || this.#issuingKeys.length > MAX_KEYS)) {
      return { kind: "issuingKey", message: known };
    }
    const message: IssuingKeyMessage = {
      account,
      keyHash: apiKeySpender(`${this.#parties.name} ${this.#lane} issuing ${this.#salt++}`),
      campaign: random.chance(50) ? ANY_CAMPAIGN : id,
      counter: this.counterOf(account),
    };
    this.#issuingKeys.push(message);
    return { kind: "issuingKey", message };
  }

  /** Adds promotion codes, redeems one, or closes one. */
  promote(): Operation {
    const random = this.#random;
    const known = this.#codes.at(random.below(this.#codes.length));
    if (known === undefined || random.chance(20)) return this.#addCodes();
    const { campaign, code } = known;
    const codeHash = random.chance(4) ? this.#newHash() : code.codeHash;
    if (random.chance(12)) return { kind: "closeCode", campaign, codeHash };
    const requests = Array.from({ length: random.pick([1, 1, 2, 4]) }, () => {
      const spender = this.spender();
      return { campaign, codeHash, spender, proof: this.#proofOf(spender) };
    });
    // The same spender twice, which contended lanes send at once.
    const again = random.chance(30) ? requests.slice(0, 1) : [];
    return { kind: "redeem", requests: [...requests, ...again] };
  }

  #addCodes(): Operation {
    const random = this.#random;
    const campaign = this.#campaigns.at(-random.between(1, MAX_CAMPAIGNS));
    if (campaign === undefined) return this.#addCampaign();
    const { id } = campaign;
    const codes = Array.from({ length: random.between(1, 3) }, () => this.#code(id));
    return { kind: "addCodes", campaign: id, codes, issuer: this.#issuer(campaign) };
  }

  /** A new code, or a known one, perhaps with other terms. */
  #code(campaign: Hex): NewCode {
    const random = this.#random;
    const ofCampaign = this.#codes.filter((known) => known.campaign === campaign);
    const known = ofCampaign.at(-random.between(1, 3));
    if (known !== undefined && (this.#codes.length >= MAX_CODES || random.chance(30))) {
      const { code } = known;
      return random.chance(60) ? code : { ...code, maxRedemptions: code.maxRedemptions + 1n };
    }
    const { limit, period, rollover, priority, scope } = this.#newGrant({});
    const stranger = this.#parties.accounts[0];
    const code: NewCode = {
      codeHash: this.#newHash(),
      limit,
      period,
      rollover,
      priority,
      scope: random.chance(10) ? { providers: [stranger], meters: [] } : scope,
      maxRedemptions: random.pick([1n, 1n, 2n, 3n]),
      redeemBy: random.chance(70) ? 0n : this.#startSeconds + BigInt(random.between(1, 20)),
      validSeconds: random.pick([0n, 0n, 1n, BigInt(random.between(2, 40)), FAR_SECONDS]),
    };
    this.#codes.push({ campaign, code });
    return code;
  }

  #newHash(): Hex {
    return keccak256(toHex(`${this.#parties.name} ${this.#lane} code ${this.#salt++}`));
  }

  revokeGrant(): Operation {
    const redeemed = this.#codes.at(-this.#random.between(1, MAX_CODES));
    if (redeemed !== undefined && this.#random.chance(30)) {
      const { campaign, code } = redeemed;
      const key = redemptionKey({ ...code, spender: this.spender() });
      return { kind: "revokeGrant", campaign, key };
    }
    const existing = this.#grants.at(-this.#random.between(1, 8));
    return existing === undefined
      ? this.issue()
      : { kind: "revokeGrant", campaign: existing.campaign, key: existing.grant.key };
  }

  #grant({ id: campaign, message: { startsAt } }: SignedAllowance): GrantRequest {
    const random = this.#random;
    const earlier = this.#grants.at(-random.between(1, 6));
    const isFull = this.#grants.length >= MAX_GRANTS;
    if (earlier?.campaign === campaign && (isFull || random.chance(15))) {
      return random.chance(80)
        ? earlier.grant
        : { ...earlier.grant, limit: earlier.grant.limit + 1n };
    }
    // No more new grants: this one starts before its campaign and is refused.
    if (isFull) return this.#newGrant({ startsAt: startsAt - 1n });
    const grant = this.#newGrant({
      startsAt: random.chance(70) ? null : this.#startSeconds + BigInt(random.between(-3, 4)),
      expiresAt: random.chance(70) ? null : this.#startSeconds + BigInt(random.between(1, 40)),
    });
    this.#grants.push({ campaign, grant });
    return grant;
  }

  #newGrant(dates: Partial<Pick<GrantRequest, "startsAt" | "expiresAt">>): GrantRequest {
    const random = this.#random;
    const limit = BigInt(random.between(0, 20_000));
    return {
      key: `${this.#lane}-g${this.#salt++}`,
      spender: this.spender(),
      limit,
      period: random.pick([0n, 0n, 2n, 3_600n]),
      rollover: random.pick([0n, limit / 2n]),
      startsAt: null,
      expiresAt: null,
      priority: random.chance(50) ? null : random.between(0, 3),
      scope: random.pick([null, null, NO_SCOPE, { providers: [], meters: ["requests"] }]),
      ...dates,
    };
  }

  /** Adds a campaign: an allowance to a key that spends nothing itself. */
  #addCampaign(): Operation {
    const random = this.#random;
    const limit = BigInt(random.between(5_000, 60_000));
    const { name, providers } = this.#parties;
    const signed = this.#sign(
      {
        spender: apiKeySpender(`${name} ${this.#lane} campaign ${this.#salt}`),
        limit,
        period: random.pick([0n, 2n, 5n]),
        rollover: random.pick([0n, limit]),
        startsAt: this.#startSeconds + BigInt(random.chance(85) ? -2 : random.between(1, 6)),
        expiresAt: random.chance(70) ? 0n : this.#startSeconds + BigInt(random.between(8, 60)),
        priority: random.between(0, 2),
        accountCap: random.chance(85) ? maxUint64 : BigInt(random.between(50_000, 500_000)),
      },
      random.pick([NO_SCOPE, { providers: [...providers], meters: [] }]),
    );
    this.#campaigns.push(signed);
    return { kind: "allow", signed, proof: null };
  }

  #sign(content: Partial<AllowanceMessage>, scope: Scope): SignedAllowance {
    const account = content.account ?? this.#random.pick(this.#parties.accounts);
    const message: AllowanceMessage = {
      account,
      spender: this.spender(),
      limit: 0n,
      period: 0n,
      rollover: 0n,
      startsAt: 0n,
      expiresAt: 0n,
      priority: 1,
      scope: scopeHash(scope),
      accountCap: maxUint64,
      counter: this.counterOf(account),
      salt: BigInt(this.#salt++),
      ...content,
    };
    const id = allowanceId(DEPLOYMENT, message);
    const byContract = account === this.#parties.contractWallet;
    const signature = byContract ? SIGNED_BY_CONTRACT : "0x00";
    const signed: SignedAllowance = { id, message, scope, signature, byContract };
    this.#allowances.push(signed);
    return signed;
  }

  /** The account's counter as this lane last raised it. */
  counterOf(account: Address): bigint {
    return this.#counters.get(account) ?? 0n;
  }
}

/** Returns the time a calendar month earlier, so that a monthly period turns during the run. */
function monthBefore(seconds: bigint): bigint {
  const time = new Date(Number(seconds) * 1000);
  time.setUTCMonth(time.getUTCMonth() - 1);
  return BigInt(time.getTime() / 1000);
}
