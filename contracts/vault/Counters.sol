// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRefunds} from "../interfaces/IRefunds.sol";
import {Vault} from "./Vault.sol";

/// @title Account counters: an owner raises its counter to end all allowances that it has signed
abstract contract Counters is IRefunds, Vault {
    /// @inheritdoc IRefunds
    mapping(address account => uint64 counter) public override counterOf;

    /// @dev When the account's counter was raised from this value; zero if it was not.
    mapping(address account => mapping(uint64 counter => uint40 endedAt)) internal _counterEndedAt;

    /// @dev Ends the present counter now and returns the next one.
    function _raiseCounter(address account) internal returns (uint64 counter) {
        _counterEndedAt[account][counterOf[account]] = uint40(block.timestamp);
        counter = ++counterOf[account];
        emit CounterRaised(account, counter);
    }
}
