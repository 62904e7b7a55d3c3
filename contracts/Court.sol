// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Bond} from "./court/Bond.sol";
import {Caps} from "./court/Caps.sol";
import {Challenges} from "./court/Challenges.sol";
import {FraudProofs} from "./court/FraudProofs.sol";
import {ITerms} from "./interfaces/ITerms.sol";

/// @title Where the signers of a vault are held to account
/// @dev Deployed by its vault, immutable like it. Apart from it for size, and so that bonds and stakes never mix with
///      what the vault owes. It can delay or drop a checkpoint and freeze the vault, and nothing else.
contract Court is FraudProofs, Challenges, Bond {
    constructor(ITerms.Terms memory terms) Caps(terms) Challenges(terms) Bond(terms) {}
}
