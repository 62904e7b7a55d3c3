// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What the contract, its signers and everybody's tools exchange
/// @dev Amounts are micro-credits (1 credit = 1,000,000) unless the name says otherwise; times are Unix seconds.
interface ICreditTypes {
    /// @notice One party in a checkpoint's table. All three numbers are cumulative: they only ever grow.
    /// @param party The address of an account, of a provider, or of both at once.
    /// @param spent All the credits that it has ever used.
    /// @param refunded All the unspent credits that it was ever entitled to take back.
    /// @param earned All the credits that it has ever earned as a provider.
    struct Row {
        address party;
        uint64 spent;
        uint64 refunded;
        uint64 earned;
    }

    /// @notice A table of rows, as the signers sign it (EIP-712).
    /// @param epoch One more than the last final checkpoint's; the first is 1.
    /// @param previousRoot Root of the last final checkpoint; zero for the first.
    /// @param root OpenZeppelin StandardMerkleTree root over `["address","uint64","uint64","uint64"]`.
    /// @param spent Sum of the rows' `spent`.
    /// @param refunded Sum of the rows' `refunded`.
    /// @param earned Sum of the rows' `earned`.
    /// @param asOf When the table was cut, by the signers' clock: not before the last drop of its epoch, nor before its
    ///        signers took over. No party's right depends on it.
    /// @param dataHash Hash of the published table, so that anyone can tell that they hold the signed one.
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

    /// @notice A signature and who made it. Lists of these are strictly ascending by signer.
    struct SignerSignature {
        address signer;
        bytes signature;
    }

    /// @notice What the contract keeps of a checkpoint.
    /// @param finalAt When it becomes (or became) final; the largest uint40 while a challenge is open.
    struct CheckpointRecord {
        uint64 epoch;
        bytes32 root;
        uint64 spent;
        uint64 refunded;
        uint64 earned;
        uint64 finalAt;
    }

    /// @notice The row and its proof lead to a root that is not the one that counts here.
    error RowNotInCheckpoint(address party, bytes32 root);

    /// @notice The epoch's checkpoint is not final, or no longer on record: the last final one is.
    error EpochNotFinal(uint256 epoch);

    /// @notice There is no pending checkpoint to object to.
    error NoPendingCheckpoint();

    /// @notice As many proofs as rows.
    error LengthMismatch(uint256 rows, uint256 proofs);
}
