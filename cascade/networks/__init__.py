"""The networks: the generator, its discriminator, the regressor, and what they are made of."""
