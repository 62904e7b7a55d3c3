/** The thread that recovers keys from signatures: see keyChecks.ts. */
import { parentPort } from "node:worker_threads";

import { isEcdsaSignature } from "@compute-credits/protocol/messages/signatureCheck";
import type { KeyQuestion } from "./keyChecks.ts";

parentPort?.on("message", ({ id, signer, digest, signature }: KeyQuestion) => {
  void isEcdsaSignature(signer, digest, signature).then((isValid) =>
    // oxlint-disable-next-line require-post-message-target-origin -- threads have no origin
    parentPort?.postMessage({ id, isValid }),
  );
});
