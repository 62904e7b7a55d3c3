// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IExits} from "../interfaces/IExits.sol";
import {Accounting} from "../libraries/Accounting.sol";
import {Books, booksOf} from "../libraries/Books.sol";
import {Settlement} from "./Settlement.sol";

/// @title Freeze and exits
/// @dev Invariants: frozen is for ever; an exit draws only on what is not booked as spent, so that it can take from no
///      provider. Refunds and exits share one pool: each counts as refunded, so that a promised refund that was taken by
///      an exit is kept for nobody.
abstract contract Exits is IExits, Settlement {
    using Accounting for Books;

    /// @inheritdoc IExits
    function freeze(address account) external override {
        _requireNotFrozen();
        RefundRequest memory request = refundRequestOf(account);
        require(
            request.requestedMicros > 0 && block.timestamp > request.deadline,
            RefundNotOverdue(account, block.timestamp, request.deadline)
        );
        _freeze();
    }

    /// @inheritdoc IExits
    function exit(
        Row calldata row,
        bytes32[] calldata proof
    ) external override nonReentrant returns (uint256 tokenAmount) {
        require(_frozenAt > 0, NotFrozen());
        Row memory claimed = row;
        Books last = _lastFinalWith(claimed, proof);
        tokenAmount = _settle(last, claimed) + _exit(last, row.party, claimed.spent);
        _pay(row.party, tokenAmount);
    }

    /// @inheritdoc IExits
    function exitWithoutProof(address account) external override nonReentrant returns (uint256 tokenAmount) {
        require(_frozenAt > 0, NotFrozen());
        uint256 graceEndsAt = uint256(_frozenAt) + exitGraceSeconds;
        require(block.timestamp >= graceEndsAt, ExitNeedsProof(block.timestamp, graceEndsAt));
        tokenAmount = _exit(_final(), account, 0);
        _pay(account, tokenAmount);
    }

    /// @inheritdoc IExits
    function frozenAt() external view override returns (uint40) {
        return _frozenAt;
    }

    /// @inheritdoc IExits
    function unspentPool() external view override returns (uint64) {
        return uint64(_unspentPool(_final()));
    }

    /// @dev `spent` is what the account's own row says: it counts here even where no cap on record covers it.
    function _exit(Books last, address account, uint256 spent) private returns (uint256 tokenAmount) {
        Books books = _parties[account];
        uint256 taken = books.unspentOf(spent, _unspentPool(last));
        if (taken == 0) return 0;

        Books moved = booksOf(0, 0, taken, 0);
        Books next = books.plus(moved);
        _parties[account] = next;
        _settled = _settled.plus(moved);
        tokenAmount = _payoutBetween(books, next);
        emit IERC20.Transfer(account, address(0), taken);
        emit Exited(account, uint64(taken), tokenAmount);
    }

    /// @dev What was purchased, less what belongs to providers and to the operator, less what has left.
    function _unspentPool(Books last) private view returns (uint256) {
        Books settled = _settled;
        return Accounting.less(_unrefunded(settled), _booked(last, settled));
    }

    /// @dev A pending checkpoint is dropped: what it would have moved stays where it was.
    function _freeze() internal {
        (Books latest, ) = _latest();
        if (!_isFinal(latest)) _drop(latest);
        _frozenAt = uint40(block.timestamp);
        if (!paused()) _pause();
        emit Frozen(msg.sender);
    }

    function _requireNotFrozen() internal view override {
        require(_frozenAt == 0, VaultFrozen(_frozenAt));
    }
}
