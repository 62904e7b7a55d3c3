// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

import {IComputeCredits} from "../interfaces/IComputeCredits.sol";
import {ICreditTypes} from "../interfaces/ICreditTypes.sol";

/// @title What all kinds of disputes read from the vault
/// @dev Invariant: the vault never changes.
abstract contract CourtBase is ICreditTypes {
    /// @dev The vault that deployed this court.
    IComputeCredits internal immutable VAULT;

    constructor() {
        VAULT = IComputeCredits(msg.sender);
    }

    /// @notice The vault whose disputes this court holds.
    function vault() external view returns (address) {
        return address(VAULT);
    }

    /// @dev The pending checkpoint. Reverts if none is pending.
    function _requirePending() internal view returns (CheckpointRecord memory pending) {
        pending = VAULT.pendingCheckpoint();
        require(pending.epoch > 0, NoPendingCheckpoint());
    }

    /// @dev Reverts unless the row and its proof lead to the checkpoint's root.
    function _requireRowOf(
        CheckpointRecord memory record,
        Row calldata row,
        bytes32[] calldata proof
    ) internal pure {
        bytes32 leaf = keccak256(bytes.concat(keccak256(abi.encode(row))));
        bytes32 root = MerkleProof.processProofCalldata(proof, leaf);
        require(root == record.root, RowNotInCheckpoint(row.party, root));
    }

    /// @dev Returns true if a row uses no more than its party has purchased (I1).
    function _isPaidFor(Row calldata row) internal view returns (bool) {
        (uint64 purchased, , , ) = VAULT.party(row.party);
        return uint256(row.spent) + row.refunded <= purchased;
    }

    /// @dev Returns true if a row has at least these numbers.
    function _covers(
        Row calldata row,
        uint64 spent,
        uint64 refunded,
        uint64 earned
    ) internal pure returns (bool) {
        return row.spent >= spent && row.refunded >= refunded && row.earned >= earned;
    }

    /// @dev The EIP-712 digest of a struct under the vault's domain.
    function _hashTypedData(bytes32 structHash) internal view returns (bytes32 digest) {
        return MessageHashUtils.toTypedDataHash(VAULT.DOMAIN_SEPARATOR(), structHash);
    }
}
