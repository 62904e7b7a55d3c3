import { z } from "zod";

import { SignerSignatureJson } from "@compute-credits/protocol/json/checkpoint";
import { Bytes32Field } from "@compute-credits/protocol/json/fields";
import { EXAMPLE } from "../examples.ts";
import { route } from "../route.ts";
import { EpochParams } from "./checkpoints.ts";

export const addCheckpointSignature = route({
  id: "addCheckpointSignature",
  method: "post",
  path: "/v1/checkpoints/{epoch}/signatures",
  tag: "checkpoints",
  summary: "Adds a co-signer's signature",
  description: "A co-signer signs a prepared checkpoint whose root it reproduced.",
  isWork: true,
  callers: ["signer"],
  params: EpochParams,
  body: SignerSignatureJson.extend({ root: Bytes32Field }),
  exampleBody: { root: EXAMPLE.bytes32, signer: EXAMPLE.address, signature: EXAMPLE.signature },
  answers: {
    200: {
      description: "All signatures so far; the same if it is sent again.",
      schema: z.object({
        signatures: z.array(SignerSignatureJson).max(255),
        threshold: z.int().describe("How many signatures the contract wants."),
      }),
    },
  },
  reasons: [
    "checkpoint_not_found",
    "root_mismatch",
    "checkpoint_not_prepared",
    "not_a_signer",
    "signature_invalid",
  ],
});
