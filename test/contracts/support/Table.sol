// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";

import {ICreditTypes} from "../../../contracts/interfaces/ICreditTypes.sol";

/// @dev The Merkle root and proofs of a table. Empty rows fill it up to a power of two, as in
///      production (decision 0001). Its pairs are sorted as in OpenZeppelin's tree. The TypeScript
///      tests check the real StandardMerkleTree.
library Table {
    function leaf(ICreditTypes.Row memory row) internal pure returns (bytes32) {
        return
            keccak256(
                bytes.concat(keccak256(abi.encode(row.party, row.spent, row.refunded, row.earned)))
            );
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
            path = _append(path, level[index ^ 1]);
            level = _up(level);
            index /= 2;
        }
    }

    function _leaves(ICreditTypes.Row[] memory rows) private pure returns (bytes32[] memory level) {
        uint256 size = 1;
        while (size < rows.length) size *= 2;
        level = new bytes32[](size);
        ICreditTypes.Row memory empty;
        for (uint256 i = 0; i < size; ++i) level[i] = leaf(i < rows.length ? rows[i] : empty);
    }

    function _up(bytes32[] memory level) private pure returns (bytes32[] memory next) {
        next = new bytes32[](level.length / 2);
        for (uint256 i = 0; i < next.length; ++i) {
            next[i] = Hashes.commutativeKeccak256(level[2 * i], level[2 * i + 1]);
        }
    }

    function _append(
        bytes32[] memory path,
        bytes32 node
    ) private pure returns (bytes32[] memory longer) {
        longer = new bytes32[](path.length + 1);
        for (uint256 i = 0; i < path.length; ++i) longer[i] = path[i];
        longer[path.length] = node;
    }
}
