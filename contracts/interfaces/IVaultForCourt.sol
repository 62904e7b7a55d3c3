// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICheckpoints} from "./ICheckpoints.sol";
import {ICourtLink} from "./ICourtLink.sol";
import {IPurchases} from "./IPurchases.sol";
import {IRefunds} from "./IRefunds.sol";

/// @title What the court needs to see of the vault
interface IVaultForCourt is IPurchases, IRefunds, ICheckpoints, ICourtLink {
    /// @notice Who may do what IGovernance lists.
    function owner() external view returns (address);
}
