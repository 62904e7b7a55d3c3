// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRefunds} from "../interfaces/IRefunds.sol";
import {Accounting} from "../libraries/Accounting.sol";
import {Books} from "../libraries/Books.sol";
import {Counters} from "./Counters.sol";

/// @title Refund requests
/// @dev Invariant: whether a request was served follows from cumulative numbers on chain alone.
abstract contract Refunds is IRefunds, Counters {
    mapping(address account => RefundRequest request) internal _requests;

    /// @inheritdoc IRefunds
    function requestRefund(uint64 creditMicros) external override {
        _requireNotFrozen();
        require(creditMicros > 0, ZeroAmount());
        Books books = _parties[msg.sender];
        RefundRequest memory open = refundRequestOf(msg.sender);
        require(open.requestedMicros == 0, RefundRequestOpen(msg.sender, open.deadline));
        uint256 unspent = books.purchased() - books.refunded();
        uint256 available = unspent - books.spent();
        require(creditMicros <= available, InsufficientCredits(msg.sender, uint64(available), creditMicros));

        _requests[msg.sender] = RefundRequest({
            requestedMicros: creditMicros,
            unspentMicros: uint64(unspent),
            refundedMicros: uint64(books.refunded()),
            deadline: uint40(block.timestamp + refundWindowSeconds)
        });
        uint64 counter = _raiseCounter(msg.sender);
        emit RefundRequested(msg.sender, creditMicros, uint64(unspent), uint64(books.refunded()), counter);
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
    function _isServed(RefundRequest memory request, Books books) internal pure returns (bool) {
        uint256 unspent = Accounting.less(request.unspentMicros, books.spent());
        uint256 due = Accounting.min(request.requestedMicros, unspent);
        return books.refunded() - request.refundedMicros >= due;
    }

    /// @dev Closes the account's request if it was served.
    function _closeServed(address account, Books books) internal {
        RefundRequest memory request = _requests[account];
        if (request.requestedMicros == 0 || !_isServed(request, books)) return;
        delete _requests[account];
        emit RefundServed(account);
    }

    function _requireNotFrozen() internal view virtual;
}
