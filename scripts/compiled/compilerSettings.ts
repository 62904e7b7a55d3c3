/** The compiler as block explorers name it. It comes from npm as WebAssembly. */
export const COMPILER_VERSION = "0.8.37+commit.f401782d";

/** How the deployed contracts are compiled. Explorers need exactly these to verify them. */
export const COMPILER_SETTINGS = {
  evmVersion: "prague",
  optimizer: { enabled: true, runs: 800 },
  viaIR: true,
} as const;
