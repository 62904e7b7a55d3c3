// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDepositAddresses} from "../../../contracts/interfaces/IDepositAddresses.sol";
import {Fixture} from "./Fixture.sol";

/// @dev A vault with deposit addresses, and dollars that arrive at them.
abstract contract DepositFixture is Fixture {
    IDepositAddresses internal deposits;

    function setUp() public virtual override {
        super.setUp();
        deposits = createDeposits();
    }

    function createDeposits() internal returns (IDepositAddresses) {
        return
            IDepositAddresses(
                create("DepositAddresses.sol:DepositAddresses", abi.encode(address(credits)))
            );
    }

    function addressOf(address account) internal view returns (address) {
        return deposits.depositAddressOf(account);
    }

    /// @dev A stranger's plain transfer of dollars, as an exchange makes it.
    function deposit(address account, uint256 tokenAmount) internal {
        address to = addressOf(account);
        vm.prank(stranger);
        dollar.transfer(to, tokenAmount);
    }

    function depositOf(
        address account
    ) internal view returns (IDepositAddresses.Deposit memory shown) {
        address[] memory accounts = new address[](1);
        accounts[0] = account;
        return deposits.depositsOf(accounts)[0];
    }

    function list(
        address a,
        address b,
        address c
    ) internal pure returns (address[] memory accounts) {
        accounts = new address[](3);
        (accounts[0], accounts[1], accounts[2]) = (a, b, c);
    }
}
