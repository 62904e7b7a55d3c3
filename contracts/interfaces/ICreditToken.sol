// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";

/// @title Credits as an ERC-20 that wallets can show and no account can move
/// @notice `balanceOf` counts the credits that are unspent by what is settled on chain. The
///         metering server knows of newer spending, and `settle` brings that here.
interface ICreditToken is IERC20Metadata {
    /// @notice Credits never move between accounts (I7).
    error CreditsAreNonTransferable();
}
