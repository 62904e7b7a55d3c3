// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Accounting} from "../../../contracts/libraries/Accounting.sol";

/// @title What the SMTChecker proves about the pools: each step keeps a solvent vault solvent
/// @dev An induction over all steps (`npm run prove`). In a solvent vault, paid earnings and fees
///      (`left`) plus paid refunds and exits (`out`) are at most all purchases and cover (`all`). A
///      final checkpoint's totals keep I2: `spent + promised ≤ all`. Amounts are micro-credits.
contract PoolsProof {
    /// @dev Paying earnings or fees, with a limit for unproven spending.
    function drawingUnderALimit(
        uint64 all,
        uint64 out,
        uint64 left,
        uint64 spent,
        uint64 settledSpent,
        uint64 limit,
        uint64 drawn
    ) external pure {
        require(uint256(left) + out <= all);
        uint256 booked = Accounting.booked(spent, settledSpent, limit, uint256(all) - out);
        require(drawn <= Accounting.less(booked, left));
        assert(uint256(left) + drawn + out <= all);
        assert(drawn == 0 || uint256(left) + drawn <= uint256(settledSpent) + limit);
    }

    /// @dev Paying earnings or fees without a limit. Refunds and exits then leave all final
    ///      spending.
    function drawingWithoutALimit(
        uint64 all,
        uint64 out,
        uint64 left,
        uint64 spent,
        uint64 drawn
    ) external pure {
        require(uint256(spent) + out <= all && left <= spent);
        require(drawn <= Accounting.less(spent, left));
        assert(uint256(left) + drawn + out <= all);
    }

    /// @dev A refund by a row leaves the booked spending, with and without a limit. Exits may have
    ///      taken a part of the promised refunds before.
    function refunding(
        uint64 all,
        uint64 promised,
        uint64 out,
        uint64 spent,
        uint64 taken
    ) external pure {
        require(uint256(spent) + promised <= all && uint256(spent) + out <= all);
        require(taken <= Accounting.less(promised, out));
        assert(uint256(spent) + out + taken <= all);
    }

    /// @dev An exit leaves the booked spending, with a limit for unproven spending.
    function exitingUnderALimit(
        uint64 all,
        uint64 out,
        uint64 left,
        uint64 spent,
        uint64 settledSpent,
        uint64 limit,
        uint64 taken
    ) external pure {
        require(uint256(left) + out <= all);
        uint256 rest = uint256(all) - out;
        uint256 booked = Accounting.booked(spent, settledSpent, limit, rest);
        require(left <= booked && taken <= Accounting.less(rest, booked));
        assert(uint256(left) + out + taken <= all);
        assert(Accounting.booked(spent, settledSpent, limit, rest - taken) == booked);
    }

    /// @dev An exit leaves the final spending, without a limit.
    function exitingWithoutALimit(
        uint64 all,
        uint64 out,
        uint64 spent,
        uint64 taken
    ) external pure {
        require(uint256(spent) + out <= all);
        require(taken <= Accounting.less(uint256(all) - out, spent));
        assert(uint256(spent) + out + taken <= all);
    }

    /// @dev All promised refunds fit into the pool of refunds and exits, so paying one takes
    ///      nothing from earnings.
    function promising(uint64 all, uint64 promised, uint64 out, uint64 spent) external pure {
        require(uint256(spent) + promised <= all && uint256(spent) + out <= all);
        assert(Accounting.less(promised, out) <= Accounting.less(uint256(all) - out, spent));
    }
}
