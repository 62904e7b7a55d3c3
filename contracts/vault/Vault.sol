// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {Books} from "../libraries/Books.sol";
import {CreditTerms} from "./CreditTerms.sol";

/// @title The books: what the contract knows of each party, and in total
/// @dev The totals share one slot with OpenZeppelin's pause flag, so that buying touches one slot besides the party's.
abstract contract Vault is CreditTerms, ReentrancyGuardTransient, EIP712, Pausable {
    /// @dev Sum of all parties' `purchased`. Stays within int64, so that every amount fits a database's signed
    ///      64-bit column and no sum of two amounts can wrap around.
    uint64 internal _purchased;
    /// @dev When the vault was frozen, for good; zero while it is not.
    uint40 internal _frozenAt;
    /// @dev How many signers a checkpoint needs, and needed before the last change of signers.
    uint8 internal _threshold;
    uint8 internal _formerThreshold;
    /// @dev When the signers took over, and when those before them did; zero for the first ones.
    uint40 internal _signersSince;
    uint40 internal _formerSince;
    /// @dev How often the signers were changed.
    uint16 internal _generation;

    /// @dev Micro-credits that the rest of a slashed bond covers, should the unspent pool fall short.
    uint64 internal _covered;

    /// @dev Sums of what settled rows and exits moved, and the fees that were taken.
    Books internal _settled;

    /// @dev Invariant I1: spent + refunded ≤ purchased.
    mapping(address party => Books books) internal _parties;

    /// @dev A token that keeps a part of what it moves is refused, whatever it returned.
    function _checkReceived(uint256 balanceBefore, uint256 tokenAmount) internal view {
        uint256 received = TOKEN.balanceOf(address(this)) - balanceBefore;
        require(received == tokenAmount, TokenAmountMismatch(received, tokenAmount));
    }
}
