// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";

/// @title Credits as an ERC-20 to look at, never to move
/// @notice Wallets and explorers show `balanceOf`: what the chain knows to be unspent. The metering server knows
///         more recent spending; `settle` brings it here.
interface ICreditToken is IERC20Metadata {
    /// @notice Credits never move between accounts (invariant I7).
    error CreditsAreNonTransferable();
}
