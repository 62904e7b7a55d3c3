// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";

import {ICreditToken} from "../interfaces/ICreditToken.sol";
import {PartyRecord} from "../libraries/PartyRecord.sol";
import {Vault} from "./Vault.sol";

/// @title Credits as an ERC-20 that no account can move
/// @dev Invariant I7: no function of this contract changes state.
abstract contract CreditToken is ICreditToken, Vault {
    /// @inheritdoc IERC20Metadata
    function name() external pure override returns (string memory) {
        return "Compute Credits";
    }

    /// @inheritdoc IERC20Metadata
    function symbol() external pure override returns (string memory) {
        return "CREDIT";
    }

    /// @inheritdoc IERC20Metadata
    function decimals() external pure override returns (uint8) {
        return 6;
    }

    /// @inheritdoc IERC20
    function totalSupply() external view override returns (uint256) {
        return uint256(_purchased) - _settled.spent() - _settled.refunded();
    }

    /// @inheritdoc IERC20
    function balanceOf(address account) external view override returns (uint256) {
        PartyRecord record = _parties[account];
        return record.purchased() - record.spent() - record.refunded();
    }

    /// @inheritdoc IERC20
    function allowance(address, address) external pure override returns (uint256) {
        return 0;
    }

    /// @inheritdoc IERC20
    function transfer(address, uint256) external pure override returns (bool) {
        revert CreditsAreNonTransferable();
    }

    /// @inheritdoc IERC20
    function transferFrom(address, address, uint256) external pure override returns (bool) {
        revert CreditsAreNonTransferable();
    }

    /// @inheritdoc IERC20
    function approve(address, uint256) external pure override returns (bool) {
        revert CreditsAreNonTransferable();
    }
}
