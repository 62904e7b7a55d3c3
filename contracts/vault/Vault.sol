// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {PartyRecord} from "../libraries/PartyRecord.sol";
import {SettledTotals} from "../libraries/SettledTotals.sol";
import {CreditTerms} from "./CreditTerms.sol";

/// @title The vault's state: what is settled for each party, and in total
/// @dev The first fields share one slot with OpenZeppelin's pause flag, so that buying touches one
///      slot besides the party's.
abstract contract Vault is CreditTerms, ReentrancyGuardTransient, EIP712, Pausable {
    /// @dev Micro-credits of all purchases. The sum stays within int64, so that every amount fits a
    ///      database's signed 64-bit column and the sum of two amounts fits a uint64.
    uint64 internal _purchased;
    /// @dev When the vault was frozen; zero while it is not. A freeze never ends.
    uint40 internal _frozenAt;
    /// @dev How many signers a checkpoint needs now, and needed before the last change of signers.
    uint8 internal _threshold;
    uint8 internal _formerThreshold;
    /// @dev When the present and the former signers took over; zero for the first signers.
    uint40 internal _signersSince;
    uint40 internal _formerSince;
    /// @dev How many times the signers were changed.
    uint16 internal _generation;

    /// @dev Micro-credits that slashed bonds added to the unspent pool.
    uint64 internal _covered;

    /// @dev Sums over all settled rows and exits, and the fees that were paid.
    SettledTotals internal _settled;

    /// @dev Invariant I1 of each record: spent + refunded ≤ purchased.
    mapping(address party => PartyRecord record) internal _parties;

    /// @dev Reverts unless the vault's balance grew by `tokenAmount`. This refuses tokens that take
    ///      a fee on transfers, whatever they return.
    function _checkReceived(uint256 balanceBefore, uint256 tokenAmount) internal view {
        uint256 received = TOKEN.balanceOf(address(this)) - balanceBefore;
        require(received == tokenAmount, TokenAmountMismatch(received, tokenAmount));
    }
}
