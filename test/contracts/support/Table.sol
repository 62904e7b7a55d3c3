// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";

import {ICreditTypes} from "../../../contracts/interfaces/ICreditTypes.sol";

/// @dev A table of rows with its Merkle root and proofs. Any tree of sorted pairs verifies as OpenZeppelin's does;
///      the TypeScript tests check the real StandardMerkleTree.
library Table {
    function leaf(ICreditTypes.Row memory row) internal pure returns (bytes32) {
        return keccak256(bytes.concat(keccak256(abi.encode(row.party, row.spent, row.refunded, row.earned))));
    }

    function root(ICreditTypes.Row[] memory rows) internal pure returns (bytes32) {
        bytes32[] memory level = _leaves(rows);
        while (level.length > 1) level = _up(level);
        return level[0];
    }

    function proof(
        ICreditTypes.Row[] memory rows,
        uint256 index
    ) internal pure returns (bytes32[] memory path) {
        bytes32[] memory level = _leaves(rows);
        path = new bytes32[](0);
        while (level.length > 1) {
            uint256 sibling = index ^ 1;
            if (sibling < level.length) path = _append(path, level[sibling]);
            level = _up(level);
            index /= 2;
        }
    }

    function _leaves(ICreditTypes.Row[] memory rows) private pure returns (bytes32[] memory level) {
        level = new bytes32[](rows.length);
        for (uint256 i = 0; i < rows.length; ++i) level[i] = leaf(rows[i]);
    }

    function _up(bytes32[] memory level) private pure returns (bytes32[] memory next) {
        next = new bytes32[]((level.length + 1) / 2);
        for (uint256 i = 0; i < next.length; ++i) {
            next[i] =
                2 * i + 1 < level.length
                    ? Hashes.commutativeKeccak256(level[2 * i], level[2 * i + 1])
                    : level[2 * i];
        }
    }

    function _append(bytes32[] memory path, bytes32 node) private pure returns (bytes32[] memory longer) {
        longer = new bytes32[](path.length + 1);
        for (uint256 i = 0; i < path.length; ++i) longer[i] = path[i];
        longer[path.length] = node;
    }
}
