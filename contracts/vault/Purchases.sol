// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {IPurchases} from "../interfaces/IPurchases.sol";
import {PartyRecord} from "../libraries/PartyRecord.sol";
import {Vault} from "./Vault.sol";

/// @title Buying credits with an approval
/// @dev Invariant: the vault issues credits only for tokens that have arrived, at the price that
///      was fixed at the deployment. A frozen vault is paused too, for good.
abstract contract Purchases is IPurchases, Vault {
    using SafeERC20 for IERC20;

    /// @dev The largest sum of all purchases, in micro-credits.
    uint256 private constant MAX_PURCHASED = uint64(type(int64).max);

    /// @inheritdoc IPurchases
    function buy(
        address account,
        uint104 creditMicros
    ) external override nonReentrant returns (uint256 tokenAmount) {
        return _buy(account, msg.sender, creditMicros);
    }

    /// @inheritdoc IPurchases
    function priceOf(uint64 creditMicros) external view override returns (uint256 tokenAmount) {
        return _toTokensUp(creditMicros);
    }

    /// @inheritdoc IPurchases
    function party(
        address account
    )
        external
        view
        override
        returns (uint64 purchased, uint64 spent, uint64 refunded, uint64 earned)
    {
        PartyRecord record = _parties[account];
        return (
            uint64(record.purchased()),
            uint64(record.spent()),
            uint64(record.refunded()),
            uint64(record.earned())
        );
    }

    /// @dev Issues credits and collects their price from the payer's approval.
    function _buy(
        address account,
        address payer,
        uint256 creditMicros
    ) internal returns (uint256 tokenAmount) {
        tokenAmount = _issue(account, payer, creditMicros);
        uint256 balance = _tokenBalance();
        TOKEN.safeTransferFrom(payer, address(this), tokenAmount);
        _checkReceived(balance, tokenAmount);
    }

    /// @dev Adds credits to the account. The caller collects `tokenAmount` within the transaction.
    ///      Until then the reentrancy guard closes every function that moves credits or tokens.
    function _issue(
        address account,
        address payer,
        uint256 creditMicros
    ) internal returns (uint256 tokenAmount) {
        // One slot holds both.
        (bool stopped, uint256 purchased) = (paused(), _purchased);
        require(!stopped, EnforcedPause());
        require(account != address(0), ZeroAddress());
        require(creditMicros > 0, ZeroAmount());
        // 64 and 104 bits.
        unchecked {
            uint256 total = purchased + creditMicros;
            require(total <= MAX_PURCHASED, TooManyCredits(total, MAX_PURCHASED));
        }
        _addPurchase(account, creditMicros);
        tokenAmount = _toTokensUp(creditMicros);
        emit IERC20.Transfer(address(0), account, creditMicros);
        emit CreditsPurchased(account, payer, uint64(creditMicros), tokenAmount);
    }

    /// @dev Adds to the total and to the account, in place: the caller has checked that no number
    ///      reaches 2^63, so no bit spills over. Solidity would mask the total and hash the
    ///      account's slot twice: 140 gas.
    function _addPurchase(address account, uint256 creditMicros) private {
        mapping(address party => PartyRecord record) storage parties = _parties;
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let added := shl(shl(3, _purchased.offset), creditMicros)
            sstore(_purchased.slot, add(sload(_purchased.slot), added))
            mstore(0x00, account)
            mstore(0x20, parties.slot)
            let record := keccak256(0x00, 0x40)
            // `purchased` is in the lowest bits of a party's record.
            sstore(record, add(sload(record), creditMicros))
        }
    }
}
