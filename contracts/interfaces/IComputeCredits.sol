// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";

import {ICheckpoints} from "./ICheckpoints.sol";
import {ICourtLink} from "./ICourtLink.sol";
import {ICreditToken} from "./ICreditToken.sol";
import {IExits} from "./IExits.sol";
import {IGovernance} from "./IGovernance.sol";
import {IPurchases} from "./IPurchases.sol";
import {IRefunds} from "./IRefunds.sol";
import {ISettlement} from "./ISettlement.sol";
import {ISignedPurchases} from "./ISignedPurchases.sol";
import {ITerms} from "./ITerms.sol";
import {ITopUps} from "./ITopUps.sol";

/// @title All functions of the vault
interface IComputeCredits is
    ITerms,
    ICreditToken,
    IPurchases,
    ISignedPurchases,
    ITopUps,
    ICheckpoints,
    ISettlement,
    IRefunds,
    IExits,
    ICourtLink,
    IGovernance,
    IERC5267
{
    /// @notice The address that has the owner's powers in `IGovernance`.
    function owner() external view returns (address);

    /// @notice The address that may become the owner by `acceptOwnership`.
    function pendingOwner() external view returns (address);

    /// @notice Owner: offers the ownership to another address.
    function transferOwnership(address newOwner) external;

    /// @notice Pending owner: accepts the ownership.
    function acceptOwnership() external;

    /// @notice Returns true if purchases are stopped.
    function paused() external view returns (bool);
}
