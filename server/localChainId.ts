/** Of Hardhat and Anvil: a chain that a developer's machine has for itself. */
export const LOCAL_CHAIN_ID = 31_337;
