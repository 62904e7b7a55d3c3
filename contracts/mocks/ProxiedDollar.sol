// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";
import {ERC1967Utils} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Utils.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";

/// @title A dollar that costs the gas of USDC: pausable, with a blacklist, behind a proxy
/// @dev Replaces Circle's FiatTokenV2_2 when gas is measured. `npm run gas` prints its plain
///      transfer, which costs 44,800 with Circle's token. The blacklist shares the slot of the
///      balance.
contract ProxiedDollar is ERC20, ERC20Permit, ERC3009 {
    /// @dev USDC reads such a slot on each transfer.
    bool public paused;

    /// @dev A balance and its blacklist flag in one slot.
    struct Holding {
        bool blacklisted;
        uint248 value;
    }

    mapping(address account => Holding holding) private _holdings;

    error TransfersPaused();
    error Blacklisted(address account);

    constructor() ERC20("Test Dollar", "TUSD") ERC20Permit("Test Dollar") {}

    function mint(address account, uint256 value) external {
        _mint(account, value);
    }

    function balanceOf(address account) public view override returns (uint256) {
        return _holdings[account].value;
    }

    function decimals() public pure override returns (uint8) {
        return 6;
    }

    function _update(address from, address to, uint256 value) internal override {
        require(!paused, TransfersPaused());
        require(!_holdings[msg.sender].blacklisted, Blacklisted(msg.sender));
        require(!_holdings[from].blacklisted, Blacklisted(from));
        require(!_holdings[to].blacklisted, Blacklisted(to));
        if (from != address(0)) _holdings[from].value -= uint248(value);
        _holdings[to].value += uint248(value);
        emit Transfer(from, to, value);
    }
}

/// @title A proxy that checks on every call that its admin does not call, as Circle's proxy does
contract DollarProxy is ERC1967Proxy {
    error AdminCannotFallback();

    constructor(address implementation) ERC1967Proxy(implementation, "") {
        ERC1967Utils.changeAdmin(msg.sender);
    }

    function _fallback() internal override {
        require(msg.sender != ERC1967Utils.getAdmin(), AdminCannotFallback());
        super._fallback();
    }

    function _unsafeAllowUninitialized() internal pure override returns (bool) {
        return true;
    }
}
