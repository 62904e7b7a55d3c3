// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";

import {IDisputes} from "../interfaces/IDisputes.sol";

/// @title The stakes of challengers, in wei
/// @dev Invariant: the court holds at least the stakes of all open challenges plus all `stakeOf`.
///      Accounts withdraw stakes themselves, so that no recipient can block an answer.
abstract contract Stakes is IDisputes {
    /// @inheritdoc IDisputes
    mapping(address account => uint256 weiAmount) public override stakeOf;

    /// @inheritdoc IDisputes
    function withdrawStake(address payable recipient) external override {
        uint256 weiAmount = stakeOf[msg.sender];
        require(weiAmount > 0, NoStake(msg.sender));
        stakeOf[msg.sender] = 0;
        emit StakeWithdrawn(msg.sender, recipient, weiAmount);
        Address.sendValue(recipient, weiAmount);
    }
}
