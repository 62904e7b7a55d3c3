import { formatCredits } from "@compute-credits/protocol/amounts";
import { ANY_CAMPAIGN } from "@compute-credits/protocol/messages/issuingKey";
import { monthsOf } from "@compute-credits/protocol/messages/period";
import { spenderWallet } from "@compute-credits/protocol/messages/spender";
import { isHex } from "viem";

type Fields = Readonly<Record<string, unknown>>;

/** What a signature does, by the EIP-712 type. Each is a sentence whose subject is the signature. */
export const SIGNED_WORDS: Readonly<Record<string, (message: Fields) => string>> = {
  Allowance: ({ spender, limit, period, account, accountCap }) =>
    `lets ${spenderText(spender)} spend up to ${credits(limit)} credits${periodText(period)} of ` +
    `${String(account)}${capText(accountCap)}`,
  AllowanceRevocation: ({ allowance }) => `ends the allowance ${String(allowance)} for good`,
  Acceptance: ({ account, accepted }) =>
    accepted === true
      ? `lets the credits of ${String(account)} pay for what this wallet uses`
      : `lets the credits of ${String(account)} pay for nothing new of this wallet`,
  LogAccess: ({ reader }) =>
    `reads what belongs to ${String(reader)} for five minutes, and changes nothing`,
  CampaignAccess: ({ account }) =>
    `issues grants and codes out of the campaigns of ${String(account)} for five minutes`,
  IssuingKey: ({ account, campaign }) =>
    "lets a key issue grants and codes out of " +
    (campaign === ANY_CAMPAIGN ? "all campaigns" : `the campaign ${String(campaign)}`) +
    ` of ${String(account)}`,
  IssuingKeyRevocation: ({ keyHash, revokesGrants }) =>
    `ends the issuing key ${String(keyHash)} for good` +
    (revokesGrants === true ? ", and every grant that it issued" : ""),
  ViewKey: ({ account, expiresAt }) =>
    `lets a key read all of ${String(account)} until ${time(expiresAt)}, and change nothing`,
  ViewKeyRevocation: ({ keyHash }) => `ends the view key ${String(keyHash)} for good`,
  ProviderKey: ({ provider }) => `lets a key charge customers in the name of ${String(provider)}`,
  ProviderKeyRevocation: ({ keyHash }) => `ends the provider's key ${String(keyHash)} for good`,
  ProviderAccess: ({ provider }) => `lets the provider ${String(provider)} charge this wallet`,
  ProviderAccessRevocation: ({ provider }) =>
    `ends the access of the provider ${String(provider)} to this wallet for good`,
  ProviderApproval: ({ provider, approved }) =>
    approved === true
      ? `lets ${String(provider)} charge on this server`
      : `ends the right of ${String(provider)} to charge on this server`,
  MeterKey: ({ provider, meterKey }) =>
    `lets the key ${String(meterKey)} sign what meters of ${String(provider)} saw, and charge nothing`,
  MeterKeyRevocation: ({ meterKey }) => `ends the meter's key ${String(meterKey)} for good`,
  ProviderProfile: ({ provider, name, listed }) =>
    listed === true
      ? `shows ${String(provider)} in the market as "${String(name)}", and charges nothing`
      : `takes ${String(provider)} out of the market`,
  TopUpPolicy: ({ account, keeper, creditMicrosPerTopUp, maxCreditMicrosPerPeriod, ...policy }) =>
    `lets ${String(keeper)} buy ${credits(creditMicrosPerTopUp)} credits for ${String(account)} with ` +
    `this wallet's tokens, at most ${credits(maxCreditMicrosPerPeriod)}` +
    `${periodText(policy["periodSeconds"])}, until ${time(policy["expiresAt"])}`,
  Permit: ({ value, spender }) =>
    `lets ${String(spender)} take ${String(value)} units of the token from this wallet, once`,
  ReceiveWithAuthorization: ({ value, to }) =>
    `pays ${String(value)} units of the token to ${String(to)}, for this purchase only`,
};

type Arguments = readonly unknown[];

/** What a transaction does, by the contract's function. */
export const SENT_WORDS: Readonly<Record<string, (args: Arguments) => string>> = {
  mint: ([, value]) => `makes ${String(value)} units of the test dollar`,
  approve: ([spender, value]) =>
    `lets ${String(spender)} take ${String(value)} units of the token from this wallet`,
  buy: ([account, micros]) => bought(account, micros),
  buyWithPermit: ([account, micros]) => bought(account, micros),
  buyWithAuthorization: ([account, micros]) => bought(account, micros),
  sweep: ([account]) =>
    `turns what arrived at its deposit address into credits of ${String(account)}`,
  withdraw: ([token, to, amount]) =>
    `takes ${String(amount)} units of ${String(token)} out of this wallet's deposit address, ` +
    `for ${String(to)}`,
  revokeTopUp: () => "ends a top-up policy of this wallet, for every keeper and for good",
  requestRefund: ([micros]) =>
    `asks ${credits(micros)} unspent credits back, and ends every allowance that was signed before`,
  revokeAll: () => "ends every allowance and issuing key that this wallet has signed, for good",
  settle: () => "settles a row of a final checkpoint, and pays what it owes to its party",
  freeze: ([account]) =>
    `freezes the vault for good, because the refund of ${String(account)} is overdue`,
  exit: () => "takes the party's earnings and unspent credits out of the frozen vault",
  exitWithoutProof: () => "takes the party's unspent credits out of the frozen vault",
  challengeRow: () => "disputes the pending checkpoint: it charges more than the owner signed for",
  challengeOmission: () => "disputes the pending checkpoint: it lacks a row of the final one",
  challengeEarnings: () => "disputes the pending checkpoint: it pays less than a receipt promises",
  dropUnanswered: () => "drops the pending checkpoint, because nobody answered the challenge",
  registerReceipt: () => "records a receipt of earnings on chain",
  challengeRegisteredEarnings: () =>
    "disputes the pending checkpoint: it pays less than the registered receipt promises",
  withdrawStake: () => "pays this wallet's returned stakes and rewards out",
};

function bought(account: unknown, micros: unknown): string {
  return `buys ${credits(micros)} credits for ${String(account)}`;
}

function spenderText(spender: unknown): string {
  if (!isHex(spender)) return String(spender);
  return spenderWallet(spender) ?? `the holder of the API key with the hash ${spender}`;
}

function periodText(period: unknown): string {
  const length = whole(period);
  if (length === 0n) return "";
  const months = monthsOf(length);
  if (months === null) return ` every ${length} seconds`;
  return months === 1 ? " a month" : ` every ${months} months`;
}

/** 2^64 − 1 stands for all that is ever bought. */
function capText(cap: unknown): string {
  const micros = whole(cap);
  if (micros === 2n ** 64n - 1n) return "";
  return `, as long as all of its spending stays within ${formatCredits(micros)} credits`;
}

function credits(micros: unknown): string {
  return formatCredits(whole(micros));
}

function time(seconds: unknown): string {
  return new Date(Number(whole(seconds)) * 1000).toISOString();
}

function whole(value: unknown): bigint {
  return typeof value === "bigint" ? value : BigInt(String(value));
}
