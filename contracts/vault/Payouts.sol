// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {ISettlement} from "../interfaces/ISettlement.sol";
import {Vault} from "./Vault.sol";

/// @title Paying parties, also those that the token refuses
/// @dev Invariant I6: a refused payout becomes a debt of the vault, and stops no other operation.
abstract contract Payouts is ISettlement, Vault {
    using SafeERC20 for IERC20;

    /// @dev Only read for a party whose record has the flag `isRedirected`.
    mapping(address party => address recipient) private _recipients;

    /// @inheritdoc ISettlement
    mapping(address party => uint256 tokenAmount) public override owedTo;

    /// @inheritdoc ISettlement
    function setRecipient(address recipient) external override {
        _recipients[msg.sender] = recipient;
        _parties[msg.sender] = _parties[msg.sender].withRedirection(recipient != address(0));
        emit RecipientChosen(msg.sender, recipient);
    }

    /// @inheritdoc ISettlement
    function withdrawOwed(
        address recipient
    ) external override nonReentrant returns (uint256 tokenAmount) {
        tokenAmount = owedTo[msg.sender];
        require(tokenAmount > 0, NothingOwed(msg.sender));
        owedTo[msg.sender] = 0;
        emit OwedWithdrawn(msg.sender, recipient, tokenAmount);
        TOKEN.safeTransfer(recipient, tokenAmount);
    }

    /// @inheritdoc ISettlement
    function recipientOf(address party) public view override returns (address recipient) {
        return _parties[party].isRedirected() ? _recipients[party] : party;
    }

    /// @dev Pays the party's recipient. A payout that the token refuses becomes a debt. A caller
    ///      that gives too little gas for the transfer can do no more than that.
    function _pay(address party, uint256 tokenAmount) internal {
        if (tokenAmount == 0) return;
        address recipient = recipientOf(party);
        if (TOKEN.trySafeTransfer(recipient, tokenAmount)) return;
        owedTo[party] += tokenAmount;
        emit PayoutDeferred(party, recipient, tokenAmount);
    }
}
