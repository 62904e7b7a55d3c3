// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Accounting} from "../../../contracts/libraries/Accounting.sol";

/// @title What the SMTChecker proves about Accounting's functions, for all inputs (`npm run prove`)
contract AccountingProof {
    /// @dev `grown` never falls (I3) and never exceeds its limit.
    function growing(uint256 current, uint256 target, uint256 limit) external pure {
        require(current <= limit);
        uint256 next = Accounting.grown(current, target, limit);
        assert(next >= current);
        assert(next <= limit);
        assert(next == current || next <= target);
    }

    /// @dev A repeated row changes nothing.
    function growingTwice(uint256 current, uint256 target, uint256 limit) external pure {
        require(current <= limit);
        uint256 once = Accounting.grown(current, target, limit);
        assert(Accounting.grown(once, target, limit) == once);
    }

    /// @dev `less` is the difference, or zero.
    function lessening(uint256 a, uint256 b) external pure {
        uint256 difference = Accounting.less(a, b);
        assert(difference <= a);
        assert(a <= b || difference == a - b);
        assert(a > b || difference == 0);
    }

    /// @dev `booked` respects its three bounds.
    function booking(
        uint64 spent,
        uint64 settledSpent,
        uint64 limit,
        uint256 remaining
    ) external pure {
        uint256 booked = Accounting.booked(spent, settledSpent, limit, remaining);
        assert(booked <= spent);
        assert(booked <= remaining);
        assert(booked <= uint256(settledSpent) + limit);
    }

    /// @dev I1, by the three lines of `applied`: a row is cut to its party's purchases.
    function applying(
        uint64 purchased,
        uint64 spent,
        uint64 refunded,
        uint64 rowSpent,
        uint64 rowRefunded,
        uint64 pool
    ) external pure {
        require(uint256(spent) + refunded <= purchased);
        uint256 spentNow = Accounting.grown(spent, rowSpent, purchased - refunded);
        uint256 refundable = Accounting.min(uint256(refunded) + pool, purchased - spentNow);
        uint256 refundedNow = Accounting.grown(refunded, rowRefunded, refundable);
        assert(spentNow + refundedNow <= purchased);
        assert(spentNow >= spent && refundedNow >= refunded);
        assert(refundedNow - refunded <= pool);
        assert(spentNow <= type(uint64).max && refundedNow <= type(uint64).max);
    }
}
