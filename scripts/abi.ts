/** `npm run abi`: writes the contract's ABI, as TypeScript that viem infers types from, into `protocol/abi/`. */
import { writeFile } from "node:fs/promises";

import { renderAbi } from "./local/abiFile.ts";

for (const name of ["ComputeCredits", "Court", "TestDollar"] as const) {
  const { path, text } = await renderAbi(name);
  await writeFile(path, text);
  console.log(`wrote ${path.pathname}`);
}
