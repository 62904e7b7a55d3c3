// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {ISettlement} from "../interfaces/ISettlement.sol";
import {Vault} from "./Vault.sol";

/// @title Paying parties, whatever the token thinks of them
/// @dev Invariant I6: a refused payout is kept as owed and stops nobody, not even its own party.
abstract contract Payouts is ISettlement, Vault {
    using SafeERC20 for IERC20;

    /// @dev Read for those alone whose books say that there is one.
    mapping(address party => address recipient) private _recipients;

    /// @inheritdoc ISettlement
    mapping(address party => uint256 tokenAmount) public override owedTo;

    /// @inheritdoc ISettlement
    function setRecipient(address recipient) external override {
        _recipients[msg.sender] = recipient;
        _parties[msg.sender] = _parties[msg.sender].redirected(recipient != address(0));
        emit RecipientChosen(msg.sender, recipient);
    }

    /// @inheritdoc ISettlement
    function withdrawOwed(address recipient) external override nonReentrant returns (uint256 tokenAmount) {
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

    /// @dev Pays, or keeps as owed what the token refuses. A caller that gives too little gas for the transfer can
    ///      only turn a payout into something owed.
    function _pay(address party, uint256 tokenAmount) internal {
        if (tokenAmount == 0) return;
        address recipient = recipientOf(party);
        if (TOKEN.trySafeTransfer(recipient, tokenAmount)) return;
        owedTo[party] += tokenAmount;
        emit PayoutDeferred(party, recipient, tokenAmount);
    }
}
