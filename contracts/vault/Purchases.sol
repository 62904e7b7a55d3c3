// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {IPurchases} from "../interfaces/IPurchases.sol";
import {PartyRecord} from "../libraries/PartyRecord.sol";
import {Vault} from "./Vault.sol";

/// @title Buying credits with an approval
/// @dev Invariant: the vault issues credits only for tokens that have arrived, at the price that
///      was fixed at the deployment. A frozen vault is paused too, for good.
abstract contract Purchases is IPurchases, Vault {
    using SafeERC20 for IERC20;

    /// @dev The largest sum of all purchases, in micro-credits.
    uint64 private constant MAX_PURCHASED = uint64(type(int64).max);

    /// @inheritdoc IPurchases
    function buy(
        address account,
        uint64 creditMicros
    ) external override nonReentrant returns (uint256 tokenAmount) {
        return _buy(account, msg.sender, creditMicros);
    }

    /// @inheritdoc IPurchases
    function priceOf(uint64 creditMicros) external view override returns (uint256 tokenAmount) {
        return _toTokensUp(creditMicros);
    }

    /// @inheritdoc IPurchases
    function party(
        address account
    )
        external
        view
        override
        returns (uint64 purchased, uint64 spent, uint64 refunded, uint64 earned)
    {
        PartyRecord record = _parties[account];
        return (
            uint64(record.purchased()),
            uint64(record.spent()),
            uint64(record.refunded()),
            uint64(record.earned())
        );
    }

    /// @dev Issues credits and collects their price from the payer's approval.
    function _buy(
        address account,
        address payer,
        uint64 creditMicros
    ) internal returns (uint256 tokenAmount) {
        tokenAmount = _issue(account, payer, creditMicros);
        uint256 balance = TOKEN.balanceOf(address(this));
        TOKEN.safeTransferFrom(payer, address(this), tokenAmount);
        _checkReceived(balance, tokenAmount);
    }

    /// @dev Adds credits to the account. The caller collects `tokenAmount` within the transaction.
    ///      Until then the reentrancy guard closes every function that moves credits or tokens.
    function _issue(
        address account,
        address payer,
        uint64 creditMicros
    ) internal whenNotPaused returns (uint256 tokenAmount) {
        require(account != address(0), ZeroAddress());
        require(creditMicros > 0, ZeroAmount());
        uint256 total = uint256(_purchased) + creditMicros;
        require(total <= MAX_PURCHASED, TooManyCredits(total, MAX_PURCHASED));

        tokenAmount = _toTokensUp(creditMicros);
        _purchased = uint64(total);
        _parties[account] = _parties[account].withPurchase(creditMicros);
        emit IERC20.Transfer(address(0), account, creditMicros);
        emit CreditsPurchased(account, payer, creditMicros, tokenAmount);
    }
}
