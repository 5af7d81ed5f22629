"""The product's source as data: what the budget tests check and what `make figures` counts."""
