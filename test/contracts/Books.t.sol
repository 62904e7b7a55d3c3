// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

import {ICreditTypes} from "../../contracts/interfaces/ICreditTypes.sol";
import {Books, booksOf, headOfCheckpoint} from "../../contracts/libraries/Books.sol";
import {Rows} from "../../contracts/libraries/Rows.sol";
import {Test} from "./support/Test.sol";

/// @dev Four numbers in one word: none spills into another.
contract BooksTest is Test {
    function test_eachNumberIsReadAsItWasWritten(uint64 a, uint64 b, uint64 c, uint64 d) external pure {
        Books books = booksOf(a, b, c, d);
        same(books.head(), a, "head");
        same(books.spent(), b, "spent");
        same(books.refunded(), c, "refunded");
        same(books.earned(), d, "earned");
    }

    function test_sumsAndDifferences_goNumberByNumber(uint64[4] memory a, uint64[4] memory b) external pure {
        for (uint256 i = 0; i < 4; ++i) (a[i], b[i]) = (a[i] / 2, b[i] / 2);
        Books first = booksOf(a[0], a[1], a[2], a[3]);
        Books other = booksOf(b[0], b[1], b[2], b[3]);
        Books sum = first.plus(other);
        yes(sum.equals(booksOf(a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3])), "sum");
        yes(sum.minus(other).equals(first), "and back");
    }

    function test_whetherPayoutsGoElsewhere_isBesideWhatWasPurchased(
        uint64 purchased,
        bool elsewhere
    ) external pure {
        purchased /= 2;
        Books books = booksOf(purchased, 1, 2, 3).redirected(elsewhere);
        yes(books.isRedirected() == elsewhere, "redirected");
        same(books.purchased(), purchased, "purchased");
        yes(books.redirected(false).equals(booksOf(purchased, 1, 2, 3)), "and back");
    }

    function test_aCheckpointsHead_holdsItsTimeAndItsEpoch(uint40 finalAt, uint24 epoch) external pure {
        Books totals = booksOf(headOfCheckpoint(finalAt, epoch), 1, 2, 3);
        same(totals.finalAt(), finalAt, "finalAt");
        same(totals.epoch(), epoch, "epoch");
        same(totals.spent(), 1, "spent");
    }
}

/// @dev The same as OpenZeppelin's, for any row and any proof.
contract RowsTest is Test {
    function test_theLeaf_isTheRowsEncodingHashedTwice(ICreditTypes.Row memory row) external pure {
        bytes32 leaf = keccak256(bytes.concat(keccak256(abi.encode(row))));
        yes(Rows.leafOf(row) == leaf, "leaf");
    }

    function test_theRoot_isOpenZeppelins(bytes32 leaf, bytes32[] calldata proof) external pure {
        yes(Rows.rootOf(leaf, proof) == MerkleProof.processProofCalldata(proof, leaf), "root");
    }
}
