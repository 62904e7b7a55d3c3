// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    CheckpointSlot,
    checkpointSlotOf,
    droppedSlot
} from "../../../contracts/libraries/CheckpointSlot.sol";
import {Test} from "../support/Test.sol";

/// @dev A time, an epoch and three totals in one word: none spills into another.
contract CheckpointSlotTest is Test {
    function sameTotals(CheckpointSlot slot, uint64[3] memory totals) internal pure {
        same(slot.spent(), totals[0], "spent");
        same(slot.refunded(), totals[1], "refunded");
        same(slot.earned(), totals[2], "earned");
    }

    function test_eachNumber_isReadAsItWasWritten(
        uint40 finalAt,
        uint24 epoch,
        uint64[3] memory totals
    ) external pure {
        CheckpointSlot slot = checkpointSlotOf(finalAt, epoch, totals[0], totals[1], totals[2]);
        same(slot.finalAt(), finalAt, "finalAt");
        same(slot.epoch(), epoch, "epoch");
        sameTotals(slot, totals);
    }

    function test_anotherTimeOfFinality_changesNothingElse(
        uint40 finalAt,
        uint40 later,
        uint24 epoch,
        uint64[3] memory totals
    ) external pure {
        CheckpointSlot slot = checkpointSlotOf(finalAt, epoch, totals[0], totals[1], totals[2]);
        slot = slot.withFinalAt(later);
        same(slot.finalAt(), later, "finalAt");
        same(slot.epoch(), epoch, "epoch");
        sameTotals(slot, totals);
    }

    function test_aDroppedSlot_keepsTheTimeOfTheDropAlone(uint40 droppedAt) external pure {
        CheckpointSlot slot = droppedSlot(droppedAt);
        same(slot.droppedAt(), droppedAt, "droppedAt");
        same(slot.epoch(), 0, "no epoch");
        sameTotals(slot, [uint64(0), 0, 0]);
    }
}
