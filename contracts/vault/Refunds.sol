// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRefunds} from "../interfaces/IRefunds.sol";
import {Accounting} from "../libraries/Accounting.sol";
import {PartyRecord} from "../libraries/PartyRecord.sol";
import {Counters} from "./Counters.sol";

/// @title Refund requests
/// @dev Invariant: cumulative numbers on chain alone decide whether a request was served.
abstract contract Refunds is IRefunds, Counters {
    /// @dev The open request of each account.
    mapping(address account => RefundRequest request) private _requests;

    /// @inheritdoc IRefunds
    function requestRefund(uint64 creditMicros) external override {
        _requireNotFrozen();
        require(creditMicros > 0, ZeroAmount());
        PartyRecord record = _parties[msg.sender];
        RefundRequest memory open = refundRequestOf(msg.sender);
        require(open.requestedMicros == 0, RefundRequestOpen(msg.sender, open.deadline));
        uint256 unspent = record.purchased() - record.refunded();
        uint256 available = unspent - record.spent();
        require(
            creditMicros <= available,
            InsufficientCredits(msg.sender, uint64(available), creditMicros)
        );

        _requests[msg.sender] = RefundRequest({
            requestedMicros: creditMicros,
            unspentMicros: uint64(unspent),
            refundedMicros: uint64(record.refunded()),
            deadline: uint40(block.timestamp + refundWindowSeconds)
        });
        uint64 counter = _raiseCounter(msg.sender);
        emit RefundRequested(
            msg.sender,
            creditMicros,
            uint64(unspent),
            uint64(record.refunded()),
            counter
        );
    }

    /// @inheritdoc IRefunds
    function revokeAll() external override {
        _raiseCounter(msg.sender);
    }

    /// @inheritdoc IRefunds
    function refundRequestOf(
        address account
    ) public view override returns (RefundRequest memory request) {
        return _requests[account];
    }

    /// @dev Returns true if nothing is due any more. Spending that is settled after the request
    ///      lowers the due amount. Refunds that are paid after the request count towards it.
    function _isServed(
        RefundRequest memory request,
        PartyRecord record
    ) internal pure returns (bool) {
        uint256 unspent = Accounting.less(request.unspentMicros, record.spent());
        uint256 due = Accounting.min(request.requestedMicros, unspent);
        return record.refunded() - request.refundedMicros >= due;
    }

    /// @dev Deletes the account's request if it was served. The caller has just changed what the
    ///      account has spent or was refunded.
    function _closeServed(address account, PartyRecord record) internal {
        RefundRequest memory request = _requests[account];
        if (request.requestedMicros == 0 || !_isServed(request, record)) return;
        delete _requests[account];
        emit RefundServed(account, uint64(record.refunded() - request.refundedMicros));
    }

    /// @dev Reverts if the vault is frozen.
    function _requireNotFrozen() internal view virtual;
}
