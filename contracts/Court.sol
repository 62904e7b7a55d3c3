// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Bond} from "./court/Bond.sol";
import {Caps} from "./court/Caps.sol";
import {Challenges} from "./court/Challenges.sol";
import {FraudProofs} from "./court/FraudProofs.sol";
import {ITerms} from "./interfaces/ITerms.sol";

/// @title The court of a vault: disputes about what its signers sign
/// @dev The vault deploys it, and it is as immutable. It is a contract of its own for the code size
///      limit, and so that bonds and stakes never mix with what the vault owes (decision 0104). It
///      can delay or drop a checkpoint and freeze the vault, and nothing else.
contract Court is FraudProofs, Challenges, Bond {
    constructor(ITerms.Terms memory terms) Caps(terms) Challenges(terms) Bond(terms) {}
}
