// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IExits} from "../interfaces/IExits.sol";
import {Accounting} from "../libraries/Accounting.sol";
import {CheckpointSlot} from "../libraries/CheckpointSlot.sol";
import {Movement, refundMovement} from "../libraries/Movement.sol";
import {PartyRecord} from "../libraries/PartyRecord.sol";
import {SettledTotals} from "../libraries/SettledTotals.sol";
import {Settlement} from "./Settlement.sol";

/// @title Freeze and exits
/// @dev Invariants: a freeze never ends, and an exit draws only on the unspent pool, so that it
///      takes nothing from providers. Refunds and exits share this pool, and both count as
///      `refunded`: an exit that takes a promised refund leaves nothing reserved for it (decision
///      0110).
abstract contract Exits is IExits, Settlement {
    using Accounting for PartyRecord;

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
        CheckpointSlot last = _lastFinalWith(claimed, proof);
        tokenAmount = _settle(last, claimed) + _exit(last, row.party, claimed.spent);
        _pay(row.party, tokenAmount);
    }

    /// @inheritdoc IExits
    function exitWithoutProof(
        address account
    ) external override nonReentrant returns (uint256 tokenAmount) {
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

    /// @dev Takes the account's unspent credits out and returns their price. `spent` is the number
    ///      of its row, which counts here even if no recorded cap covers it.
    function _exit(
        CheckpointSlot last,
        address account,
        uint256 spent
    ) private returns (uint256 tokenAmount) {
        PartyRecord record = _parties[account];
        uint256 taken = record.unspentOf(spent, _unspentPool(last));
        if (taken == 0) return 0;

        Movement moved = refundMovement(taken);
        PartyRecord next = record.plus(moved);
        _parties[account] = next;
        _settled = _settled.plus(moved);
        _closeServed(account, next);
        tokenAmount = _payoutBetween(record, next);
        emit IERC20.Transfer(account, address(0), taken);
        emit Exited(account, uint64(taken), tokenAmount);
    }

    /// @dev All purchases and the cover, less paid refunds and exits, less what earnings and fees
    ///      may draw on.
    function _unspentPool(CheckpointSlot last) private view returns (uint256) {
        SettledTotals settled = _settled;
        return Accounting.less(_unrefunded(settled), _booked(last, settled));
    }

    /// @dev Freezes the vault for good. Drops a pending checkpoint, which has moved nothing yet.
    function _freeze() internal {
        (CheckpointSlot latest, ) = _latest();
        if (!_isFinal(latest)) _drop(latest);
        _frozenAt = uint40(block.timestamp);
        if (!paused()) _pause();
        emit Frozen(msg.sender);
    }

    /// @dev Reverts if the vault is frozen.
    function _requireNotFrozen() internal view override {
        require(_frozenAt == 0, VaultFrozen(_frozenAt));
    }
}
