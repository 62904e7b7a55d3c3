// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";

import {IBond} from "./IBond.sol";
import {IDisputes} from "./IDisputes.sol";

/// @title All functions of the court
interface ICourt is IDisputes, IBond, IERC5267 {
    /// @notice The vault whose disputes this court holds.
    function vault() external view returns (address);
}
