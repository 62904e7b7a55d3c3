// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @dev The credits that one settlement or exit moves, in micro-credits. One word:
///
///      | bits      | number                            |
///      | --------- | --------------------------------- |
///      | 0 – 63    | zero                              |
///      | 64 – 127  | `spent`: newly charged            |
///      | 128 – 191 | `refunded`: newly paid as refunds |
///      | 192 – 255 | `earned`: newly paid as earnings  |
///
///      `PartyRecord` and `SettledTotals` have their numbers in the same bits, so one addition
///      moves all three.
type Movement is uint256;

using {spent, refunded} for Movement global;

/// @dev A movement of refunds alone, as an exit makes it. `micros` fits 64 bits.
function refundMovement(uint256 micros) pure returns (Movement) {
    return Movement.wrap(micros << 128);
}

/// @dev Newly charged micro-credits.
function spent(Movement movement) pure returns (uint256) {
    return uint64(Movement.unwrap(movement) >> 64);
}

/// @dev Newly refunded micro-credits.
function refunded(Movement movement) pure returns (uint256) {
    return uint64(Movement.unwrap(movement) >> 128);
}
