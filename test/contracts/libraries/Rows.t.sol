// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

import {ICreditTypes} from "../../../contracts/interfaces/ICreditTypes.sol";
import {Rows} from "../../../contracts/libraries/Rows.sol";
import {Test} from "../support/Test.sol";

/// @dev The assembly gives the same results as OpenZeppelin's code, for any row and any proof.
contract RowsTest is Test {
    function test_theLeaf_isTheEncodedRowHashedTwice(ICreditTypes.Row memory row) external pure {
        bytes32 leaf = keccak256(bytes.concat(keccak256(abi.encode(row))));
        yes(Rows.leafOf(row) == leaf, "leaf");
    }

    function test_theRoot_isTheOneOfOpenZeppelin(
        bytes32 leaf,
        bytes32[] calldata proof
    ) external pure {
        yes(Rows.rootOf(leaf, proof) == MerkleProof.processProofCalldata(proof, leaf), "root");
    }
}
