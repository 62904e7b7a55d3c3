import { z } from "zod";

import type { AllowanceMessage, Scope } from "../messages/allowance.ts";
import { AddressField, Bytes32Field, boundedList, uintField } from "./fields.ts";
import { MeterName } from "./names.ts";

/** `AllowanceMessage` as JSON: what its owner signed, field by field. */
export const AllowanceJson = z.strictObject({
  account: AddressField,
  spender: Bytes32Field,
  limit: uintField(64),
  period: uintField(64),
  rollover: uintField(64),
  startsAt: uintField(64),
  expiresAt: uintField(64),
  priority: uintField(8).transform(Number),
  scope: Bytes32Field,
  accountCap: uintField(64),
  counter: uintField(64),
  salt: uintField(256),
}) satisfies z.ZodType<AllowanceMessage>;

/** The most that any server accepts. Most are configured to accept less. */
export const MAX_SCOPE_NAMES = 1_000;

/** `Scope` as JSON: the lists whose hash an allowance carries as its `scope`. */
export const ScopeJson = z.strictObject({
  providers: boundedList(AddressField, MAX_SCOPE_NAMES),
  meters: boundedList(MeterName, MAX_SCOPE_NAMES),
}) satisfies z.ZodType<Scope>;
