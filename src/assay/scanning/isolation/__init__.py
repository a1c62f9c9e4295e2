"""The sandbox: one limited process reads what nobody trusts."""
