"""What the tests of one package share."""
