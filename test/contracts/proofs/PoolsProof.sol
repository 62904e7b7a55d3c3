// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Accounting} from "../../../contracts/libraries/Accounting.sol";

/// @title What the SMTChecker proves of the pools: each step keeps the vault solvent, if it was (`npm run prove`)
/// @dev An induction: solvent means that what has left as earnings and fees (`left`), and what has left as refunds and
///      exits (`out`), is at most what came in (`all`: purchases and cover). A final checkpoint's totals keep I2:
///      `spent + promised ≤ all`. Micro-credits.
contract PoolsProof {
    /// @dev Settling earnings or taking fees, under a limit for unproven spending.
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

    /// @dev The same without a limit: then refunds and exits stay clear of all that is final.
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

    /// @dev A refund that a row takes leaves what is booked alone, with a limit and without, also where exits have taken
    ///      a part of the promised refunds already.
    function refunding(uint64 all, uint64 promised, uint64 out, uint64 spent, uint64 taken) external pure {
        require(uint256(spent) + promised <= all && uint256(spent) + out <= all);
        require(taken <= Accounting.less(promised, out));
        assert(uint256(spent) + out + taken <= all);
    }

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

    function exitingWithoutALimit(uint64 all, uint64 out, uint64 spent, uint64 taken) external pure {
        require(uint256(spent) + out <= all);
        require(taken <= Accounting.less(uint256(all) - out, spent));
        assert(uint256(spent) + out + taken <= all);
    }

    /// @dev All promised refunds fit into what refunds and exits share: settling one takes from nobody.
    function promising(uint64 all, uint64 promised, uint64 out, uint64 spent) external pure {
        require(uint256(spent) + promised <= all && uint256(spent) + out <= all);
        assert(Accounting.less(promised, out) <= Accounting.less(uint256(all) - out, spent));
    }
}
