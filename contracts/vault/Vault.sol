// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
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
    /// @dev How many signers a checkpoint needs.
    uint8 internal _threshold;
    /// @dev When the present signers took over; zero for the first signers.
    uint40 internal _signersSince;
    /// @dev How many times the signers were changed.
    uint16 internal _generation;

    /// @dev Micro-credits that slashed bonds added to the unspent pool.
    uint64 internal _covered;

    /// @dev Sums over all settled rows and exits, and the fees that were paid.
    SettledTotals internal _settled;

    /// @dev Invariant I1 of each record: spent + refunded ≤ purchased.
    mapping(address party => PartyRecord record) internal _parties;

    /// @dev Reverts unless the vault's balance grew by `tokenAmount`. This refuses tokens that take
    ///      a fee on transfers, whatever they return. A balance that shrank counts as huge growth.
    function _checkReceived(uint256 balanceBefore, uint256 tokenAmount) internal view {
        unchecked {
            uint256 received = _tokenBalance() - balanceBefore;
            require(received == tokenAmount, TokenAmountMismatch(received, tokenAmount));
        }
    }

    /// @dev The vault's token base units. In assembly, because the compiler's call allocates memory
    ///      for each answer: 400 gas in a purchase, which asks twice.
    function _tokenBalance() internal view returns (uint256 held) {
        address token = address(TOKEN);
        bytes4 selector = IERC20.balanceOf.selector;
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            mstore(0x00, selector)
            mstore(0x04, address())
            if iszero(
                and(
                    // Evaluated last: the arguments of a call are read from right to left.
                    gt(returndatasize(), 0x1f),
                    staticcall(gas(), token, 0x00, 0x24, 0x00, 0x20)
                )
            ) {
                let free := mload(0x40)
                returndatacopy(free, 0x00, returndatasize())
                revert(free, returndatasize())
            }
            held := mload(0x00)
        }
    }
}
