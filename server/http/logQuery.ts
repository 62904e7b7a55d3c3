import { z } from "zod";

import {
  AddressField,
  EventIdField,
  SpenderField,
  TimeField,
} from "@compute-credits/protocol/json/fields";
import type { DebitPlace } from "../stores/insight/insightStore.ts";
import { MeterName } from "@compute-credits/protocol/json/names";
import { fail } from "./problem.ts";

/** A page of a log: `MAX_PAGE` rows at most. */
export const MAX_PAGE = 1_000;

export const LimitField = z.coerce.number().int().min(1).max(MAX_PAGE).default(100);

const Place = z.tuple([
  z.int().min(0).max(8.64e15),
  AddressField,
  EventIdField,
  z.int().min(0).max(32_767),
]);

/** Where a page goes on: opaque to clients, checked like everything else that they send. */
const CursorField = z
  .string()
  .max(512)
  .transform((text): DebitPlace => {
    const parsed = Place.safeParse(decoded(text));
    if (!parsed.success) throw badCursor();
    const [recordedAt, provider, eventId, part] = parsed.data;
    return { recordedAt: new Date(recordedAt), provider, eventId, part };
  });

export const LogQuery = z.strictObject({
  meter: MeterName.optional(),
  spender: SpenderField.optional(),
  from: TimeField.optional(),
  to: TimeField.optional(),
  cursor: CursorField.optional(),
  limit: LimitField,
});

export function cursorOf({ recordedAt, provider, eventId, part }: DebitPlace): string {
  const place = JSON.stringify([recordedAt.getTime(), provider, eventId, part]);
  return Buffer.from(place).toString("base64url");
}

function decoded(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
  } catch {
    return null;
  }
}

function badCursor() {
  return fail(
    400,
    "invalid_cursor",
    "The cursor is not a nextCursor of this list: begin without one.",
  );
}
