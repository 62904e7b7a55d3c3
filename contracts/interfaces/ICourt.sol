// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBond} from "./IBond.sol";
import {IDisputes} from "./IDisputes.sol";

/// @title Everything that the court does
interface ICourt is IDisputes, IBond {
    /// @notice The vault whose disputes are held here.
    function vault() external view returns (address);
}
