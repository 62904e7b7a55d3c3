import { z } from "zod";

import { AddressField, SignatureField } from "@compute-credits/protocol/json/fields";
import { AddressText, TimeText } from "../fields.ts";
import { route } from "../route.ts";

const EXAMPLE = {
  provider: "0x90f79bf6eb2c4f870365e785982e1f101e93b906",
  signature: `0x${"00".repeat(65)}`,
} as const;

const named = { provider: AddressText, meterKey: AddressText };

const MeterKey = z.object({ ...named, createdAt: TimeText }).meta({ id: "MeterKey" });

export const registerMeterKey = route({
  id: "registerMeterKey",
  weight: "sensitive",
  method: "post",
  path: "/v1/meter-keys",
  tag: "evidence",
  summary: "Registers the key with which a meter signs evidence",
  description:
    "`meterKey` is the address of the meter's key, which charges nobody. `signature` is the " +
    "provider's of `MeterKey` (EIP-712).",
  callers: ["signer"],
  body: z.strictObject({
    provider: AddressField,
    meterKey: AddressField,
    signature: SignatureField,
  }),
  exampleBody: { ...EXAMPLE, meterKey: "0x976ea74026e726554db657fa54763abd0c3a0aa9" },
  answers: { 201: { description: "The key, registered now or before.", schema: MeterKey } },
  reasons: ["provider_not_approved", "key_revoked", "provider_bound_reached"],
});

export const revokeMeterKey = route({
  id: "revokeMeterKey",
  weight: "sensitive",
  method: "post",
  path: "/v1/meter-keys/{meterKey}/revocation",
  tag: "evidence",
  summary: "Ends a meter's key, for good",
  description:
    "`signature` is the provider's of `MeterKeyRevocation` (EIP-712). Evidence that was recorded " +
    "before stays, and an explanation shows that its key is revoked.",
  callers: ["signer"],
  params: z.strictObject({ meterKey: AddressField }),
  body: z.strictObject({ provider: AddressField, signature: SignatureField }),
  exampleBody: EXAMPLE,
  answers: {
    200: {
      description: "The key, and when it was revoked first.",
      schema: z.object({ ...named, revokedAt: TimeText }).meta({ id: "RevokedMeterKey" }),
    },
  },
  reasons: ["key_not_found"],
});

export const listMeterKeys = route({
  id: "listMeterKeys",
  method: "get",
  path: "/v1/meter-keys/{provider}",
  tag: "evidence",
  summary: "A provider's meter keys, newest first, at most 1,000",
  callers: ["anyone"],
  params: z.strictObject({ provider: AddressField }),
  answers: {
    200: {
      description: "The keys.",
      schema: z.object({
        meterKeys: z.array(
          z.object({
            meterKey: AddressText,
            createdAt: TimeText,
            revokedAt: TimeText.nullable(),
          }),
        ),
      }),
    },
  },
  reasons: [],
});
