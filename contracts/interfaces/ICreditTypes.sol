// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Types and errors that the vault, the court, the signers and their tools share
/// @dev Amounts are micro-credits (1 credit = 1,000,000 micro-credits) unless a name says
///      otherwise. Times are Unix seconds.
interface ICreditTypes {
    /// @notice One party's row in a checkpoint's table. Its numbers are cumulative and only grow.
    /// @param party The address of an account, a provider, or both at once.
    /// @param spent All credits that the party has ever used.
    /// @param refunded All unspent credits that the party was ever entitled to take back.
    /// @param earned All credits that the party has ever earned as a provider.
    struct Row {
        address party;
        uint64 spent;
        uint64 refunded;
        uint64 earned;
    }

    /// @notice A table of rows in the form that the signers sign (EIP-712).
    /// @param epoch The last final checkpoint's epoch plus one. The first epoch is 1.
    /// @param previousRoot The last final checkpoint's root; zero for the first checkpoint.
    /// @param root OpenZeppelin's StandardMerkleTree root over
    ///        `["address","uint64","uint64","uint64"]`.
    /// @param spent The sum of all rows' `spent`.
    /// @param refunded The sum of all rows' `refunded`.
    /// @param earned The sum of all rows' `earned`.
    /// @param asOf When the table was made, by the signers' clock. It is after the last drop of its
    ///        epoch and the last change of signers. No party's right depends on it.
    /// @param dataHash The hash of the published table. A reader checks a copy of the table with
    ///        it.
    struct Checkpoint {
        uint64 epoch;
        bytes32 previousRoot;
        bytes32 root;
        uint64 spent;
        uint64 refunded;
        uint64 earned;
        uint64 asOf;
        bytes32 dataHash;
    }

    /// @notice A signature with its signer. Lists of these are strictly ascending by signer.
    struct SignerSignature {
        address signer;
        bytes signature;
    }

    /// @notice What the vault stores of a checkpoint.
    /// @param finalAt When the checkpoint becomes or became final. While a challenge is open it is
    ///        the largest uint40.
    struct CheckpointRecord {
        uint64 epoch;
        bytes32 root;
        uint64 spent;
        uint64 refunded;
        uint64 earned;
        uint64 finalAt;
    }

    /// @notice The row and its proof lead to `root`, which is not the root of the checkpoint in
    ///         use.
    error RowNotInCheckpoint(address party, bytes32 root);

    /// @notice The epoch's checkpoint is not final yet, or the vault does not store it any more.
    error EpochNotFinal(uint256 epoch);

    /// @notice No checkpoint is pending.
    error NoPendingCheckpoint();

    /// @notice The lists of rows and proofs differ in length.
    error LengthMismatch(uint256 rows, uint256 proofs);
}
