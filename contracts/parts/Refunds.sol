// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRefunds} from "../interfaces/IRefunds.sol";
import {Accounting} from "../libraries/Accounting.sol";
import {Counters} from "./Counters.sol";

/// @title Refund requests
/// @dev Invariant: whether a request was served follows from cumulative numbers on chain alone.
abstract contract Refunds is IRefunds, Counters {
    mapping(address account => RefundRequest request) internal _requests;

    /// @inheritdoc IRefunds
    function requestRefund(uint64 creditMicros) external override {
        _requireNotFrozen();
        require(creditMicros > 0, ZeroAmount());
        Accounting.Party memory books = _parties[msg.sender];
        RefundRequest memory open = refundRequestOf(msg.sender);
        require(open.requestedMicros == 0, RefundRequestOpen(msg.sender, open.deadline));
        uint64 unspent = books.purchased - books.refunded;
        uint64 available = unspent - books.spent;
        require(creditMicros <= available, InsufficientCredits(msg.sender, available, creditMicros));

        _requests[msg.sender] = RefundRequest({
            requestedMicros: creditMicros,
            unspentMicros: unspent,
            refundedMicros: books.refunded,
            deadline: uint40(block.timestamp + refundWindowSeconds)
        });
        uint64 counter = _raiseCounter(msg.sender);
        emit RefundRequested(msg.sender, creditMicros, unspent, books.refunded, counter);
    }

    /// @inheritdoc IRefunds
    function revokeAll() external override {
        _raiseCounter(msg.sender);
    }

    /// @inheritdoc IRefunds
    function refundRequestOf(address account) public view override returns (RefundRequest memory request) {
        request = _requests[account];
        if (_isServed(request, _parties[account])) delete request;
    }

    /// @dev What is due falls as more of it turns out to have been spent; what was refunded since the request
    ///      counts against it.
    function _isServed(
        RefundRequest memory request,
        Accounting.Party memory books
    ) internal pure returns (bool) {
        uint256 unspent = Accounting.less(request.unspentMicros, books.spent);
        uint256 due = Accounting.min(request.requestedMicros, unspent);
        return books.refunded - request.refundedMicros >= due;
    }

    /// @dev Closes the account's request if it was served.
    function _closeServed(address account, Accounting.Party memory books) internal {
        RefundRequest memory request = _requests[account];
        if (request.requestedMicros == 0 || !_isServed(request, books)) return;
        delete _requests[account];
        emit RefundServed(account);
    }

    function _requireNotFrozen() internal view virtual;
}
