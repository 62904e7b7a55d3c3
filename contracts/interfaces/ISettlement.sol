// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICreditTypes} from "./ICreditTypes.sol";

/// @title Getting tokens out: claiming earnings, taking a refund and synchronising a balance are one operation
/// @notice No pause, no owner, no signer and no blacklist can stop any of this (I6).
interface ISettlement is ICreditTypes {
    /// @notice A row was applied; the numbers are the party's new cumulative ones.
    event RowSettled(
        address indexed party,
        uint64 epoch,
        uint64 spent,
        uint64 refunded,
        uint64 earned,
        uint256 tokenAmount
    );

    /// @notice One row of several was left out: its proof does not fit the final checkpoint.
    event RowSkipped(address indexed party);

    /// @notice The party has chosen where its payouts go; the zero address means itself.
    event RecipientChosen(address indexed party, address indexed recipient);

    /// @notice The token refused a payout. The party withdraws it, to any address that the token accepts.
    event PayoutDeferred(address indexed party, address indexed recipient, uint256 tokenAmount);

    /// @notice A payout that the token had refused was taken.
    event OwedWithdrawn(address indexed party, address indexed recipient, uint256 tokenAmount);

    /// @notice The operator's fees were taken.
    event FeesClaimed(address indexed recipient, uint64 creditMicros, uint256 tokenAmount);

    /// @notice Nothing is owed to the party.
    error NothingOwed(address party);

    /// @notice Applies a row of a final checkpoint, the last or the one before it: burns what was spent, pays what was newly earned and newly
    ///         refunded. Anyone may. A stale or repeated row changes nothing.
    /// @dev Pays floor(new total) − floor(old total), so that repetition neither loses nor gains a fraction. A row
    ///      that promises more than the pools hold is paid as far as they go, and the rest when they fill.
    /// @param epoch Of the checkpoint that the row and its proof belong to.
    /// @return tokenAmount What was paid (or is owed, where the token refused).
    function settle(
        Row calldata row,
        uint256 epoch,
        bytes32[] calldata proof
    ) external returns (uint256 tokenAmount);

    /// @notice Settles several rows. One whose proof does not fit is skipped; one refusing recipient stops nobody.
    function settleMany(Row[] calldata rows, uint256 epoch, bytes32[][] calldata proofs) external;

    /// @notice Chooses where the caller's payouts go; the zero address means the caller itself.
    function setRecipient(address recipient) external;

    /// @notice Withdraws what the token refused to pay to the caller's recipient, to another address.
    function withdrawOwed(address recipient) external returns (uint256 tokenAmount);

    /// @notice Pays the fees of the last final checkpoint that were not taken yet to the fee recipient. Anyone may.
    function claimFees() external returns (uint256 tokenAmount);

    /// @notice Token base units that the party may withdraw with `withdrawOwed`.
    function owedTo(address party) external view returns (uint256 tokenAmount);

    /// @notice Where the party's payouts go.
    function recipientOf(address party) external view returns (address);

    /// @notice Sums over all settled rows, and the fees taken, in micro-credits. Exits count as refunded.
    function settledTotals()
        external
        view
        returns (uint64 spent, uint64 refunded, uint64 earned, uint64 fees);

    /// @notice Who receives the fees.
    function feeRecipient() external view returns (address);
}
