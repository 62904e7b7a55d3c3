// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICreditTypes} from "./ICreditTypes.sol";

/// @title Settling rows: one operation claims earnings, pays refunds and updates balances
/// @notice No pause, owner, signer or blacklist can stop any of this (I6).
interface ISettlement is ICreditTypes {
    /// @notice A row was applied. The numbers are the party's new cumulative ones.
    /// @param tokenAmount The payout in token base units.
    event RowSettled(
        address indexed party,
        uint64 epoch,
        uint64 spent,
        uint64 refunded,
        uint64 earned,
        uint256 tokenAmount
    );

    /// @notice `settleMany` left this party's row out, because settling it reverted.
    event RowSkipped(address indexed party);

    /// @notice The party chose where its payouts go. The zero address stands for the party itself.
    event RecipientChosen(address indexed party, address indexed recipient);

    /// @notice The token refused a payout. The party can withdraw it to another address.
    event PayoutDeferred(address indexed party, address indexed recipient, uint256 tokenAmount);

    /// @notice The party withdrew payouts that the token had refused.
    event OwedWithdrawn(address indexed party, address indexed recipient, uint256 tokenAmount);

    /// @notice The fee recipient was paid new fees.
    event FeesClaimed(address indexed recipient, uint64 creditMicros, uint256 tokenAmount);

    /// @notice The vault owes the party nothing.
    error NothingOwed(address party);

    /// @notice Applies a row of one of the last two final checkpoints: burns what was newly spent,
    ///         and pays what was newly earned and refunded. Anyone may. An old row changes nothing.
    /// @dev Pays floor(new total) − floor(old total), so that payouts in parts lose no fraction. A
    ///      row that promises more than the pools hold is paid from them, and later for the rest.
    /// @param epoch The epoch of the checkpoint that the row belongs to.
    /// @return tokenAmount Token base units that were paid, or that the vault owes if the token
    ///         refused.
    function settle(
        Row calldata row,
        uint256 epoch,
        bytes32[] calldata proof
    ) external returns (uint256 tokenAmount);

    /// @notice Settles several rows. It skips a row that cannot be settled, and a recipient that
    ///         the token refuses does not stop the others.
    function settleMany(Row[] calldata rows, uint256 epoch, bytes32[][] calldata proofs) external;

    /// @notice Chooses where the caller's payouts go. The zero address stands for the caller
    ///         itself.
    function setRecipient(address recipient) external;

    /// @notice Withdraws the caller's payouts that the token refused, to any address.
    /// @return tokenAmount Token base units that were paid.
    function withdrawOwed(address recipient) external returns (uint256 tokenAmount);

    /// @notice Pays the unclaimed fees of the last final checkpoint to the fee recipient. Anyone
    ///         may.
    /// @return tokenAmount Token base units that were paid, or that the vault owes if the token
    ///         refused.
    function claimFees() external returns (uint256 tokenAmount);

    /// @notice Token base units that the party can take with `withdrawOwed`.
    function owedTo(address party) external view returns (uint256 tokenAmount);

    /// @notice Where the party's payouts go.
    function recipientOf(address party) external view returns (address);

    /// @notice Sums over all settled rows and the fees that were paid, in micro-credits. `refunded`
    ///         includes exits.
    function settledTotals()
        external
        view
        returns (uint64 spent, uint64 refunded, uint64 earned, uint64 fees);

    /// @notice The address that receives the fees.
    function feeRecipient() external view returns (address);
}
