// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";
import {ERC1967Utils} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Utils.sol";

import {TestDollar} from "./TestDollar.sol";

/// @title A dollar that costs what USDC costs: pausable, with a blacklist, behind a proxy
/// @dev Stands in for Circle's FiatTokenV2_2 when gas is measured; its plain transfer costs no less (`npm run gas`).
contract ProxiedDollar is TestDollar {
    bool public paused;

    error TransfersPaused();

    function setPaused(bool paused_) external {
        paused = paused_;
    }

    function _update(address from, address to, uint256 value) internal override {
        require(!paused, TransfersPaused());
        super._update(from, to, value);
    }
}

/// @dev Like Circle's proxy, it asks on every call whether its admin calls.
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
