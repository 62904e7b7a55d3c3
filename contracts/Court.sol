// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";

import {Bond} from "./court/Bond.sol";
import {Caps} from "./court/Caps.sol";
import {Challenges} from "./court/Challenges.sol";
import {FraudProofs} from "./court/FraudProofs.sol";
import {ITerms} from "./interfaces/ITerms.sol";

/// @title The court of a vault: disputes about what its signers sign
/// @dev The vault deploys it, and it is as immutable. It is a contract of its own for the code size
///      limit, and so that bonds and stakes never mix with what the vault owes (decision 0104). It
///      can delay or drop a checkpoint and freeze the vault, and nothing else.
contract Court is FraudProofs, Challenges, Bond, IERC5267 {
    constructor(ITerms.Terms memory terms) Caps(terms) Challenges(terms) Bond(terms) {}

    /// @inheritdoc IERC5267
    /// @dev Messages for the court are signed under the vault's domain (decision 0104).
    function eip712Domain()
        external
        view
        override
        returns (
            bytes1 fields,
            string memory name,
            string memory version,
            uint256 chainId,
            address verifyingContract,
            bytes32 salt,
            uint256[] memory extensions
        )
    {
        return IERC5267(address(VAULT)).eip712Domain();
    }
}
