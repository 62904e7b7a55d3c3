// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @dev The totals of one checkpoint, in cumulative micro-credits, and its time and epoch. One
///      word, hence one slot:
///
///      | bits      | number                                                     |
///      | --------- | ---------------------------------------------------------- |
///      | 0 – 39    | `finalAt`, or `droppedAt` if the epoch is zero             |
///      | 40 – 63   | `epoch`; zero if the slot is empty or was dropped          |
///      | 64 – 127  | `spent`                                                    |
///      | 128 – 191 | `refunded`                                                 |
///      | 192 – 255 | `earned`                                                   |
type CheckpointSlot is uint256;

using {finalAt, droppedAt, epoch, spent, refunded, earned, withFinalAt} for CheckpointSlot global;

/// @dev `finalAt_` fits 40 bits, `epoch_` 24 bits, and each total 64 bits.
function checkpointSlotOf(
    uint256 finalAt_,
    uint256 epoch_,
    uint256 spent_,
    uint256 refunded_,
    uint256 earned_
) pure returns (CheckpointSlot) {
    uint256 head = finalAt_ | (epoch_ << 40);
    return CheckpointSlot.wrap(head | (spent_ << 64) | (refunded_ << 128) | (earned_ << 192));
}

/// @dev A slot whose checkpoint was dropped at that time. It keeps nothing else.
function droppedSlot(uint256 droppedAt_) pure returns (CheckpointSlot) {
    return CheckpointSlot.wrap(droppedAt_);
}

/// @dev When the checkpoint becomes or became final, in Unix seconds.
function finalAt(CheckpointSlot slot) pure returns (uint256) {
    return uint40(CheckpointSlot.unwrap(slot));
}

/// @dev When the slot's checkpoint was dropped, in Unix seconds. Only meaningful without an epoch.
function droppedAt(CheckpointSlot slot) pure returns (uint256) {
    return uint40(CheckpointSlot.unwrap(slot));
}

/// @dev The checkpoint's epoch; zero if the slot is empty or was dropped.
function epoch(CheckpointSlot slot) pure returns (uint256) {
    return uint24(CheckpointSlot.unwrap(slot) >> 40);
}

/// @dev Sum of all rows' `spent`.
function spent(CheckpointSlot slot) pure returns (uint256) {
    return uint64(CheckpointSlot.unwrap(slot) >> 64);
}

/// @dev Sum of all rows' `refunded`.
function refunded(CheckpointSlot slot) pure returns (uint256) {
    return uint64(CheckpointSlot.unwrap(slot) >> 128);
}

/// @dev Sum of all rows' `earned`.
function earned(CheckpointSlot slot) pure returns (uint256) {
    return CheckpointSlot.unwrap(slot) >> 192;
}

/// @dev Moves the time of finality. `finalAt_` fits 40 bits.
function withFinalAt(CheckpointSlot slot, uint256 finalAt_) pure returns (CheckpointSlot) {
    uint256 rest = CheckpointSlot.unwrap(slot) & ~uint256(type(uint40).max);
    return CheckpointSlot.wrap(rest | finalAt_);
}
