import { z } from "zod";

import { AddressField, EventIdField } from "@compute-credits/protocol/json/fields";
import { LAST_MS } from "@compute-credits/protocol/times";
import { invalidCursor } from "../../http/parse.ts";
import type { DebitPlace } from "../../stores/insight/insightStore.ts";

const Place = z.tuple([
  z.int().min(0).max(LAST_MS),
  AddressField,
  EventIdField,
  z.int().min(0).max(32_767),
]);

/** The place that a cursor names. Clients may change it, so it is checked like any input: a 400. */
export function placeOf(cursor: string): DebitPlace {
  const parsed = Place.safeParse(decoded(cursor));
  if (!parsed.success) throw invalidCursor();
  const [recordedAt, provider, eventId, part] = parsed.data;
  return { recordedAt: new Date(recordedAt), provider, eventId, part };
}

/** The cursor of the page that begins after this debit. */
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
