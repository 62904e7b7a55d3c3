// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Accounting} from "../../../contracts/libraries/Accounting.sol";

/// @title What the SMTChecker proves of one party's arithmetic, for all 64-bit inputs (`npm run prove`)
contract AccountingProof {
    using Accounting for Accounting.Party;

    function applying(
        Accounting.Party memory books,
        uint64 spent,
        uint64 refunded,
        uint64 earned,
        Accounting.Pools memory pools
    ) external pure {
        require(uint256(books.spent) + books.refunded <= books.purchased);
        require(pools.refund <= type(uint64).max && pools.earning <= type(uint64).max);
        Accounting.Party memory next = books.applied(spent, refunded, earned, pools);

        assert(next.purchased == books.purchased);
        // I1
        assert(uint256(next.spent) + next.refunded <= next.purchased);
        // I3
        assert(next.spent >= books.spent);
        assert(next.refunded >= books.refunded);
        assert(next.earned >= books.earned);
        // No more than the row says, where it says more than the books.
        assert(next.spent == books.spent || next.spent <= spent);
        assert(next.refunded == books.refunded || next.refunded <= refunded);
        assert(next.earned == books.earned || next.earned <= earned);
        // No more than the pools hold.
        assert(next.refunded - books.refunded <= pools.refund);
        assert(next.earned - books.earned <= pools.earning);
    }

    function applyingTwice(
        Accounting.Party memory books,
        uint64 spent,
        uint64 refunded,
        uint64 earned
    ) external pure {
        require(uint256(books.spent) + books.refunded <= books.purchased);
        Accounting.Pools memory pools = Accounting.Pools(type(uint64).max, type(uint64).max);
        Accounting.Party memory once = books.applied(spent, refunded, earned, pools);
        Accounting.Party memory twice = once.applied(spent, refunded, earned, pools);

        assert(twice.spent == once.spent);
        assert(twice.refunded == once.refunded);
        assert(twice.earned == once.earned);
    }

    function exiting(Accounting.Party memory books, uint64 pool) external pure {
        require(uint256(books.spent) + books.refunded <= books.purchased);
        Accounting.Party memory next = books.exited(pool);

        assert(uint256(next.spent) + next.refunded <= next.purchased);
        assert(next.refunded >= books.refunded);
        assert(next.refunded - books.refunded <= pool);
        assert(next.spent == books.spent);
        assert(next.earned == books.earned);
        assert(next.purchased == books.purchased);
    }
}
