// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";

import {IPurchases} from "../interfaces/IPurchases.sol";

/// @title The code that every deposit address runs
/// @dev Each deposit address is a clone whose code ends with its account, so that no caller can
///      name another one. Invariant: tokens leave only as a purchase for that account, or as the
///      account itself says. The factory checks who asks; the clone obeys nobody else.
contract DepositAddress {
    using Address for address payable;
    using SafeERC20 for IERC20;

    address private immutable FACTORY;
    IPurchases private immutable VAULT;
    IERC20 private immutable TOKEN;

    /// @notice Only the factory moves what is here.
    error NotFactory(address caller);

    modifier onlyFactory() {
        require(msg.sender == FACTORY, NotFactory(msg.sender));
        _;
    }

    /// @dev The factory deploys this code and then its clones.
    constructor(IPurchases vault, IERC20 token) {
        (FACTORY, VAULT, TOKEN) = (msg.sender, vault, token);
    }

    /// @notice Buys credits for the account. The vault takes exactly `tokenAmount`, so no approval
    ///         is left.
    function buy(uint64 creditMicros, uint256 tokenAmount) external onlyFactory {
        TOKEN.forceApprove(address(VAULT), tokenAmount);
        VAULT.buy(account(), creditMicros);
    }

    /// @notice Sends tokens as the account said.
    function send(IERC20 token, address to, uint256 amount) external onlyFactory {
        token.safeTransfer(to, amount);
    }

    /// @notice Sends the chain's own coin as the account said.
    function sendNative(address payable to, uint256 amount) external onlyFactory {
        to.sendValue(amount);
    }

    /// @notice Whose deposit address this is. It means nothing at the implementation itself.
    function account() public view returns (address) {
        return address(bytes20(Clones.fetchCloneArgs(address(this))));
    }
}
