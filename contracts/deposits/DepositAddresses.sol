// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IComputeCredits} from "../interfaces/IComputeCredits.sol";
import {IDepositAddresses} from "../interfaces/IDepositAddresses.sol";
import {DepositAddress} from "./DepositAddress.sol";

/// @title Deposit addresses of one vault
/// @dev Invariant: what arrives at a deposit address ends as credits of its account in the vault,
///      or where the account itself sends it. The vault's token and price are fixed, so this
///      contract reads them once.
contract DepositAddresses is IDepositAddresses, ReentrancyGuardTransient {
    /// @dev With 64 bits of price, the product with a larger balance could overflow.
    uint256 private constant MAX_TOKEN_AMOUNT = type(uint192).max;

    IComputeCredits private immutable VAULT;
    IERC20 private immutable TOKEN;
    /// @dev Base units of one whole token, and micro-credits that it buys.
    uint256 private immutable TOKEN_UNIT;
    uint256 private immutable CREDIT_MICROS_PER_TOKEN;

    /// @inheritdoc IDepositAddresses
    address public immutable override implementation;

    constructor(IComputeCredits vault_) {
        VAULT = vault_;
        TOKEN = IERC20(vault_.token());
        TOKEN_UNIT = 10 ** IERC20Metadata(address(TOKEN)).decimals();
        CREDIT_MICROS_PER_TOKEN = vault_.creditMicrosPerToken();
        implementation = address(new DepositAddress(vault_, TOKEN));
    }

    /// @inheritdoc IDepositAddresses
    function sweep(address account) external override nonReentrant returns (uint64 creditMicros) {
        DepositAddress clone = DepositAddress(depositAddressOf(account));
        uint256 held = TOKEN.balanceOf(address(clone));
        creditMicros = _creditsFor(held);
        // Not `require`, which would ask for the price every time.
        if (creditMicros == 0) revert NothingToSweep(account, held, VAULT.priceOf(1));
        _ensureDeployed(clone, account);
        clone.buy(creditMicros, VAULT.priceOf(creditMicros));
    }

    /// @inheritdoc IDepositAddresses
    function sweepMany(address[] calldata accounts) external override {
        for (uint256 i = 0; i < accounts.length; ++i) {
            try this.sweep(accounts[i]) {} catch {
                emit SweepSkipped(accounts[i]);
            }
        }
    }

    /// @inheritdoc IDepositAddresses
    function withdraw(address token_, address to, uint256 amount) external override nonReentrant {
        emit DepositWithdrawn(msg.sender, token_, to, amount);
        _cloneOfCaller().send(IERC20(token_), to, amount);
    }

    /// @inheritdoc IDepositAddresses
    function withdrawNative(address payable to, uint256 amount) external override nonReentrant {
        emit DepositWithdrawn(msg.sender, address(0), to, amount);
        _cloneOfCaller().sendNative(to, amount);
    }

    /// @inheritdoc IDepositAddresses
    function depositsOf(
        address[] calldata accounts
    ) external view override returns (Deposit[] memory deposits) {
        deposits = new Deposit[](accounts.length);
        for (uint256 i = 0; i < accounts.length; ++i) {
            address clone = depositAddressOf(accounts[i]);
            uint256 held = TOKEN.balanceOf(clone);
            deposits[i] = Deposit(clone, clone.code.length > 0, held, _creditsFor(held));
        }
    }

    /// @inheritdoc IDepositAddresses
    function vault() external view override returns (address) {
        return address(VAULT);
    }

    /// @inheritdoc IDepositAddresses
    function token() external view override returns (address) {
        return address(TOKEN);
    }

    /// @inheritdoc IDepositAddresses
    function depositAddressOf(
        address account
    ) public view override returns (address depositAddress) {
        require(account != address(0), ZeroDepositAccount());
        return
            Clones.predictDeterministicAddressWithImmutableArgs(
                implementation,
                abi.encodePacked(account),
                bytes32(0)
            );
    }

    function _cloneOfCaller() private returns (DepositAddress clone) {
        clone = DepositAddress(depositAddressOf(msg.sender));
        _ensureDeployed(clone, msg.sender);
    }

    /// @dev Deploys the account's clone if it is not there. Its address follows from its code,
    ///      which ends with the account, so one salt does for all.
    function _ensureDeployed(DepositAddress clone, address account) private {
        if (address(clone).code.length > 0) return;
        Clones.cloneDeterministicWithImmutableArgs(
            implementation,
            abi.encodePacked(account),
            bytes32(0)
        );
    }

    /// @dev Rounds down, so that the price of the result, which the vault rounds up, is at most
    ///      `held`. The vault refuses what is above its own maximum.
    function _creditsFor(uint256 held) private view returns (uint64 creditMicros) {
        uint256 affordable =
            (Math.min(held, MAX_TOKEN_AMOUNT) * CREDIT_MICROS_PER_TOKEN) / TOKEN_UNIT;
        return uint64(Math.min(affordable, type(uint64).max));
    }
}
