/** For Express. `hono.ts` and `fetch.ts` have the same for Hono and for plain fetch handlers. */
export { type ChargeOptions, type Credits, chargeOf, createCredits, keepBody } from "./express.ts";
export type { Charge, Finished, FinishOptions } from "./charge/charge.ts";
export type { Delivery } from "./charge/delivery.ts";
export type { WalletOptions } from "./charge/identify.ts";
export type { Line, Lines, Used } from "./charge/lines.ts";
export type { CreditsOptions } from "./charge/service.ts";
