// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @dev One word, hence one storage slot: what a party, all settled rows, or a checkpoint's table have spent, refunded
///      and earned (cumulative micro-credits, 64 bits each), and a head of 64 bits that means something else for each:
///
///      | of a party       | what it purchased, 63 bits, and whether its payouts go elsewhere |
///      | of settled rows  | fees taken                                                       |
///      | of a checkpoint  | when it is final, 40 bits, and its epoch, 24 bits                |
///
///      By hand, because structs in memory cost each payout 3,600 gas more (decision 0107).
type Books is uint256;

using {
    plus,
    minus,
    equals,
    head,
    spent,
    refunded,
    earned,
    purchased,
    isRedirected,
    redirected,
    finalAt,
    epoch
} for Books global;

uint256 constant REDIRECTED = 1 << 63;

/// @dev Each argument fits 64 bits.
function booksOf(uint256 head_, uint256 spent_, uint256 refunded_, uint256 earned_) pure returns (Books) {
    return Books.wrap(head_ | (spent_ << 64) | (refunded_ << 128) | (earned_ << 192));
}

function headOfCheckpoint(uint256 finalAt_, uint256 epoch_) pure returns (uint256) {
    return finalAt_ | (epoch_ << 40);
}

/// @dev Number by number; no sum may reach 2^64.
function plus(Books a, Books b) pure returns (Books) {
    unchecked {
        return Books.wrap(Books.unwrap(a) + Books.unwrap(b));
    }
}

/// @dev Number by number; none of `b` may be above that of `a`.
function minus(Books a, Books b) pure returns (Books) {
    unchecked {
        return Books.wrap(Books.unwrap(a) - Books.unwrap(b));
    }
}

function equals(Books a, Books b) pure returns (bool) {
    return Books.unwrap(a) == Books.unwrap(b);
}

function head(Books books) pure returns (uint256) {
    return uint64(Books.unwrap(books));
}

function spent(Books books) pure returns (uint256) {
    return uint64(Books.unwrap(books) >> 64);
}

function refunded(Books books) pure returns (uint256) {
    return uint64(Books.unwrap(books) >> 128);
}

function earned(Books books) pure returns (uint256) {
    return Books.unwrap(books) >> 192;
}

function purchased(Books books) pure returns (uint256) {
    return head(books) & (REDIRECTED - 1);
}

function isRedirected(Books books) pure returns (bool) {
    return Books.unwrap(books) & REDIRECTED > 0;
}

function redirected(Books books, bool elsewhere) pure returns (Books) {
    uint256 word = Books.unwrap(books);
    return Books.wrap(elsewhere ? word | REDIRECTED : word & ~REDIRECTED);
}

function finalAt(Books books) pure returns (uint256) {
    return uint40(Books.unwrap(books));
}

function epoch(Books books) pure returns (uint256) {
    return uint24(Books.unwrap(books) >> 40);
}
