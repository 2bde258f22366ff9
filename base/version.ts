// The version of this product, one for agent, coordinator and CLI.
// Must never be read from package.json at run time: a bundle has none beside it. A test holds the two together.

export const version = '0.1.0';
