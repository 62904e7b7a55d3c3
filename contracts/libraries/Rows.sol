// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICreditTypes} from "../interfaces/ICreditTypes.sol";

/// @title Where a row and its proof lead to
/// @dev The tree of @openzeppelin/merkle-tree, and the same results as OpenZeppelin's MerkleProof, which costs 1,100 gas
///      more at ten levels. Assembly, because each payout pays for it.
library Rows {
    /// @notice Hashed twice, so that no inner node can be taken for a leaf.
    function leafOf(ICreditTypes.Row memory row) internal pure returns (bytes32 leaf) {
        // A row in memory is its own encoding: four words.
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            mstore(0x00, keccak256(row, 0x80))
            leaf := keccak256(0x00, 0x20)
        }
    }

    /// @notice The root that follows from a leaf and its siblings, from the bottom up. Pairs are hashed in order.
    function rootOf(bytes32 leaf, bytes32[] calldata proof) internal pure returns (bytes32 root) {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            root := leaf
            let end := add(proof.offset, shl(5, proof.length))
            for {
                let at := proof.offset
            } lt(at, end) {
                at := add(at, 0x20)
            } {
                let sibling := calldataload(at)
                // The smaller one at 0x00, the larger one at 0x20.
                let place := shl(5, gt(root, sibling))
                mstore(place, root)
                mstore(xor(place, 0x20), sibling)
                root := keccak256(0x00, 0x40)
            }
        }
    }
}
